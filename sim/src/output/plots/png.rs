//! The same figure as PNG, with a font that comes along: machines without fonts show text too.
//!
//! The font is `DejaVu` Sans (free licence of Bitstream Vera); nothing is read from the system.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};

use super::Figure;
use crate::output::error::OutputError;

/// Pixels of the PNG for each shown pixel of the SVG.
const ZOOM: f32 = 2.0;

/// `figure` as a PNG.
///
/// # Errors
/// When the SVG does not parse or is too large for memory.
pub fn to_png(figure: &Figure) -> Result<Vec<u8>, OutputError> {
    render(&figure.svg).map_err(|cause| OutputError::Figure {
        figure: figure.name.clone(),
        cause,
    })
}

fn render(svg: &str) -> Result<Vec<u8>, String> {
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let options = Options {
        fontdb: Arc::new(fonts),
        font_family: "DejaVu Sans".to_owned(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = tree
        .size()
        .to_int_size()
        .scale_by(ZOOM)
        .ok_or("the figure is empty")?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or("the figure is too large")?;
    resvg::render(
        &tree,
        Transform::from_scale(ZOOM, ZOOM),
        &mut pixels.as_mut(),
    );
    pixels.encode_png().map_err(|error| error.to_string())
}
