//! Clusters of GPUs.

use fairground_readers::Format;
use fairground_readers::formats::validate;

use crate::{check, files};

#[test]
fn philly_is_read_exactly() {
    for (file, known) in files("philly", "philly.csv.zst") {
        assert_eq!(Format::detect(&file).unwrap(), Format::Philly);
        let stat = check(&file, Format::Philly, &known, &[]);
        assert!(
            stat.facts
                .contains(&("gpu_times_not_duration_x_gpus", "0".to_owned()))
        );
        assert_eq!(validate(&file, Format::Philly, 3).warnings, []);
    }
}

#[test]
fn openb_is_read_exactly() {
    for (file, known) in files("alibaba-openb-2023", ".csv") {
        let name = file.file_name().unwrap().to_string_lossy();
        let format = if name.starts_with("openb_node") {
            Format::OpenbNodes
        } else {
            Format::OpenbPods
        };
        assert_eq!(Format::detect(&file).unwrap(), format);
        check(&file, format, &known, &[]);
    }
}
