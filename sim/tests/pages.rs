//! Reports in a browser, where there is one: nothing sticks out, nothing under the pointer is cut off.

mod output_fake;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use fairground_sim::output::{Options, write};
use fairground_sim::run::Comparison;

/// Put at the end of a page: moves the pointer over every chart and tells the page around what it found.
const LOOK: &str = r#"<script>
addEventListener("load", () => setTimeout(() => {
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth + 1) found.push(`the page is ${wide} wide in ${innerWidth}`);
  const charts = [...document.querySelectorAll(".uplot")];
  if (charts.length < 4) found.push(`${charts.length} charts`);
  for (const root of charts) {
    const name = root.getAttribute("aria-label");
    const canvas = root.querySelector("canvas");
    if (!name || root.tabIndex !== 0) found.push("a chart without a name or out of reach of keys");
    if (canvas.getAttribute("role") !== "img" || !canvas.getAttribute("aria-label")) found.push(`${name}: a canvas without role`);
    const over = root.querySelector(".u-over");
    const values = root.parentElement.querySelector(".values");
    for (const part of [0.1, 0.9]) {
      const { left, top, width, height } = over.getBoundingClientRect();
      const at = { clientX: left + part * width, clientY: top + height / 2, bubbles: true };
      over.dispatchEvent(new MouseEvent("mouseenter", at));
      over.dispatchEvent(new MouseEvent("mousemove", at));
      const box = values.getBoundingClientRect();
      if (values.hidden || !values.querySelector("b")) found.push(`${name}: no values`);
      if (box.left < 0 || box.right > innerWidth) found.push(`${name}: values from ${box.left} to ${box.right}`);
      if (values.scrollWidth > values.clientWidth + 1 || values.scrollHeight > values.clientHeight + 1) found.push(`${name}: values are cut off`);
    }
    root.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  }
  const select = document.querySelector(".legend select");
  if (select) {
    select.value = "1";
    select.dispatchEvent(new Event("change"));
    const said = [...document.querySelectorAll(".seed.any")].map((span) => span.textContent);
    if (!said.length || said.some((text) => !text.startsWith("Seed 2"))) found.push(`drawn: ${said}`);
  }
  parent.postMessage(`found ${found.length}: ${found.slice(0, 5).join("; ")}`, "*");
}, 300));
</script>"#;

/// The same of the pictures of a trace: no words stick out or stand on others, and each has a sentence.
const LOOK_AT_PICTURES: &str = r#"<script>
addEventListener("load", () => setTimeout(() => {
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth + 1) found.push(`the page is ${wide} wide in ${innerWidth}`);
  const cards = [...document.querySelectorAll(".card")];
  if (cards.length < 9) found.push(`${cards.length} pictures`);
  for (const card of cards) {
    const name = card.querySelector("h2").textContent;
    if (!card.querySelector(".note").textContent.trim()) found.push(`${name}: no sentence`);
    const svg = card.querySelector("svg");
    const around = svg.getBoundingClientRect();
    const words = [...svg.querySelectorAll("text")].filter((text) => text.getClientRects().length);
    const boxes = words.map((text) => text.getBoundingClientRect());
    boxes.forEach((box, i) => {
      const told = words[i].textContent.trim();
      if (box.left < around.left - 1 || box.right > around.right + 1 || box.bottom > around.bottom + 1)
        found.push(`${name}: ${told} sticks out`);
      boxes.slice(0, i).forEach((other, j) => {
        const over = Math.min(box.right, other.right) - Math.max(box.left, other.left);
        const under = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
        if (over > 1 && under > 2) found.push(`${name}: ${told} on ${words[j].textContent.trim()}`);
      });
    });
  }
  parent.postMessage(`found ${found.length}: ${found.slice(0, 5).join("; ")}`, "*");
}, 300));
</script>"#;

fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().find(|name| {
        let mut asked = Command::new(name);
        asked
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    })
}

/// A day with so many frameworks, some with long names.
fn day(frameworks: usize) -> Comparison {
    let mut day = output_fake::day(2);
    for number in day.frameworks.len()..frameworks {
        let mut info = day.frameworks[0].clone();
        let name = ["user", "a-department-with-a-long-name"][number % 2];
        info.name = format!("{name}-{number}");
        day.frameworks.push(info);
        for run in day.policies.iter_mut().flat_map(|policy| &mut policy.runs) {
            run.frameworks.push(run.frameworks[0].clone());
        }
    }
    day.frameworks.truncate(frameworks);
    day
}

/// What is found in a page so wide. It stands in another: no window is as narrow as a telephone.
fn look(browser: &str, page: &Path, wide: u32) -> String {
    let profile = tempfile::tempdir().unwrap();
    let around = profile.path().join("around.html");
    let frame = format!(
        "<title>nothing was told</title>
        <script>addEventListener('message', (told) => {{ document.title = told.data; }});</script>
        <iframe src='file://{}' style='border: 0; width: {wide}px; height: 900px'></iframe>",
        page.display()
    );
    fs::write(&around, frame).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg("--window-size=1500,1000")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", around.display()))
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let title = text
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"));
    title.map_or(text.clone(), |(title, _)| title.to_owned())
}

#[test]
fn reports_hold_at_every_width() {
    let Some(browser) = browser() else {
        eprintln!("skipped: there is no chromium to look with");
        return;
    };
    let quick = Options { png: false };
    for frameworks in [2, 7, 15] {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("day");
        write(&day(frameworks), &dir, quick).unwrap();
        let page = dir.join("report.html");
        let text = fs::read_to_string(&page).unwrap();
        fs::write(&page, text.replace("</body>", &format!("{LOOK}</body>"))).unwrap();
        for wide in [1400, 800, 420] {
            let found = look(browser, &page, wide);
            assert_eq!(found, "found 0: ", "{frameworks} frameworks, {wide} pixels");
        }
    }
}

/// Pods of a month with GPUs, of tenants with long names.
fn pods() -> String {
    let mut pods = String::from(
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,\
         scheduled_time\n",
    );
    for pod in 0..3000_u64 {
        let draw = pod * pod * 7919 % 10_007;
        let (cpus, memory, gpus) = (1000 << (draw % 6), 512 << (draw % 11), draw % 3);
        let begin = pod * 800 + draw % 700;
        let start = begin + draw % 500;
        let end = start + 10 + draw * draw / 50;
        let qos = ["LS", "BE", "Guaranteed-for-a-department-with-a-long-name"][(draw % 3) as usize];
        let _ = writeln!(
            pods,
            "p{pod},{cpus},{memory},{gpus},1000,,{qos},Succeeded,{begin}.0,{end}.0,{start}.0"
        );
    }
    pods
}

/// Jobs of a month that waited and have estimates, on a clock.
fn jobs() -> String {
    let mut jobs = String::from(
        "; MaxProcs: 4096\n; UnixStartTime: 1027893600\n; TimeZoneString: America/Argentina/Buenos_Aires\n",
    );
    for job in 0..3000_u64 {
        let draw = job * job * 7919 % 10_007;
        let (submit, wait, run) = (
            job * 900 + draw % 800,
            draw * draw / 100,
            1 + draw * draw / 90,
        );
        let (width, user) = (1 << (draw % 12), draw % 40);
        let _ = writeln!(
            jobs,
            "{job} {submit} {wait} {run} {width} 5 {draw} {width} {} {draw} {} {user} 1 1 1 1 -1 -1",
            run * (1 + draw % 9),
            draw % 2
        );
    }
    jobs
}

#[test]
fn pictures_of_a_trace_hold_at_every_width() {
    let Some(browser) = browser() else {
        eprintln!("skipped: there is no chromium to look with");
        return;
    };
    let place = tempfile::tempdir().unwrap();
    for (name, text) in [("pods.csv", pods()), ("jobs.swf", jobs())] {
        fs::write(place.path().join(name), text).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_fairground"));
        let pictures = place.path().join(name.split('.').next().unwrap());
        program
            .args(["trace", "stat", name, "--plot"])
            .arg(&pictures);
        let output = program.current_dir(&place).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let page = pictures.join("index.html");
        let text = fs::read_to_string(&page).unwrap();
        let text = text.replace("</body>", &format!("{LOOK_AT_PICTURES}</body>"));
        fs::write(&page, text).unwrap();
        for wide in [1400, 800, 420] {
            let found = look(browser, &page, wide);
            assert_eq!(found, "found 0: ", "{name}, {wide} pixels");
        }
    }
}
