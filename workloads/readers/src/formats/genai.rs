//! Alibaba's image generation, 2024: requests with their real service times.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-v2026-GenAI`, `lora_request_trace.csv`.
//! CSV with a header: when a request was made (to the second, no zone), what kind it was, how it
//! ended, how long it took, whose it was, and what it asked for. Requests that failed or never
//! ended are in it; some lack the length of their prompts.

use crate::formats::prelude::*;

/// The most images, steps or adaptations of one request.
const MOST: u64 = 1_000_000;

pub(crate) const FORM: Form = Form {
    about: "requests for images with their service times (Alibaba cluster-trace-v2026-GenAI)",
    signs: &[Begins("gmt_create,predict_type")],
    unkept: &[
        "num_images_per_prompt",
        "num_inference_steps",
        "checkpoint_model_version_id",
        "num_lora",
    ],
    import: Ok(import),
    samples: &["\
gmt_create,predict_type,predict_status,exec_time_seconds,groupId,prompt_length,num_images_per_prompt
2024-11-15 16:57:50,TXT_2_IMG,SUCCEED,32.0,G0000,63.0,1.0
2024-11-15 16:57:51,IMG_2_IMG,FAILED,0.0,G0001,,
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One request.
    pub struct Record: "request" in "lora_request_trace.csv", headed;
    /// When it was made.
    time: Stamp = "gmt_create", Time("2024-11-15 16:57:50");
    /// What was asked for: `TXT_2_IMG`.
    kind: String = "predict_type", Word("a kind of request");
    /// How it ended: `SUCCEED`.
    status: String = "predict_status", Word("a status");
    /// How long it took, in microseconds.
    duration: u64 = "exec_time_seconds" as "exec_time_s", Decimal("seconds", MILLIONTHS, LATEST);
    /// Whose it was.
    group: String = "groupId" as "group", Word("a group");
    /// How many images were asked for.
    images: Option<u64> = "num_images_per_prompt" as _, Maybe(Round("images", MOST));
    /// How many steps of inference each takes.
    steps: Option<u64> = "num_inference_steps" as _, Maybe(Round("steps", MOST));
    /// The model; empty where it is not told.
    model: String = "checkpoint_model_version_id" as "model", Text;
    /// How many adaptations of it were loaded.
    loras: Option<u64> = "num_lora" as _, Maybe(Round("adaptations", MOST));
}

contents! { Record: |_| Jobs 1, Tasks 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let Stamp { seconds, text } = &self.time;
        seen.count("requests");
        seen.columns();
        seen.first_text("first", text);
        seen.latest("last", *seconds, text);
        if seen.sorted("time_nondecreasing", *seconds).is_some() {
            let odd = ReadError::expected("a time not before the row above", text);
            seen.warn(odd.place("column gmt_create"));
        }
        seen.tally("status", &self.status);
        seen.tally("type", &self.kind);
        seen.distinct("groups", &self.group);
        seen.figures("exec_time_s", "millionths of a second", [self.duration]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.clock(WallClock::local());
    import.assume("requests", "a job of one task with one GPU each");
    import.each(Rows::open(path)?, |import, one: Record| {
        let ran = match one.status.as_str() {
            "PENDING" => unstarted(),
            "PROCESSING" => censored(Some(one.duration)),
            _ => ended(Some(one.duration)),
        };
        let tasks = Tasks {
            gpus: Some(1000),
            ..ran
        };
        let draft = Draft::simple(one.kind, Some(seconds(one.time.seconds)), tasks);
        import.job(draft.by(one.group).ended(one.status))
    })
}
