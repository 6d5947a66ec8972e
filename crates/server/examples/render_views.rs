//! Writes every page with sample data into a directory, with the assets beside it, so that a browser can open them from disk.
//!
//! `cargo run --example render_views -- target/views`. For looking at; it proves nothing.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use keyward::i18n::Lang;
use keyward::web::shell::Theme;
use keyward::web::{assets, views::samples};

fn main() -> io::Result<()> {
    let dir = env::args().nth(1).unwrap_or("target/views".to_owned());
    let dir = PathBuf::from(dir);
    for asset in assets::all() {
        let name = asset.path.trim_start_matches(assets::PREFIX);
        let text = String::from_utf8_lossy(&asset.bytes);
        let bytes = if asset.name.ends_with(".css") {
            text.replace("url(/assets/", "url(").into_bytes()
        } else {
            asset.bytes.clone()
        };
        write(&dir.join("assets").join(name), &bytes)?;
    }
    for lang in Lang::CHOICE {
        for (name, mail) in samples::letters(*lang) {
            let file = dir.join(format!("{}-mail", lang.tag())).join(name);
            write(&file.with_extension("html"), mail.html.as_bytes())?;
            write(&file.with_extension("txt"), mail.text.as_bytes())?;
        }
        for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            for sample in samples::all(*lang, theme) {
                let file = format!("{}-{name}/{}.html", lang.tag(), sample.name);
                let html = sample.html.replace("\"/assets/", "\"../assets/");
                write(&dir.join(file), html.as_bytes())?;
            }
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)
}
