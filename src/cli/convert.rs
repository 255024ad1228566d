//! `shardify convert`.

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgGroup, ValueEnum, ValueHint};
use shardify::{
    ByteSize, ClassNamesFrom, ConvertOptions, Error, ErrorKind, ErrorPolicy, ImageKeys, Layout, MaxErrors, Ratios,
    ShardCounts,
    transform::{Color, ExifMode, Filter, Fit, OutputFormat, Verify},
};

use super::{
    Outcome,
    args::{CompressionArg, OnErrorArg, RunArgs, choice, whole},
    output::{existing, inputs_and_out, next_step},
    progress::Meter,
    results::{dry_run_text, pretty, report_text},
    signal::cancel_on_interrupt,
    ui::{Ui, Verbosity},
};

const EXAMPLES: &str = "\
Examples:
  A folder of photographs, one folder for each class, to shards of at most 512 MB:
    shardify convert ./imgs out/ --max-shard 512MB

  The arrays of a Keras data set, a tenth of them set aside:
    shardify convert x_train.npy out/ --labels y_train.npy --split train=0.9,validation=0.1";

/// Turn image folders or arrays into shards, with indexes, TFDS metadata and a manifest
///
/// INPUT is a folder of images (DIR/class/**, DIR/split/class/** or flat), a list of them (.csv: file,label[,split]), or an
/// array (.npy, .npz), whose row i becomes record i. The last argument is the output folder.
#[derive(Debug, clap::Args)]
#[command(override_usage = "shardify convert [OPTIONS] <INPUT>... <OUT>")]
#[command(after_help = EXAMPLES, group = ArgGroup::new("existing").args(["resume", "overwrite", "dry_run"]))]
pub(super) struct Args {
    /// Folders, lists or arrays to read, then the folder to write
    // Not `num_args = 2..`: that refuses an option between the two.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    /// Images: a list file,label[,split]. Arrays: the .npy file of the labels
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Inputs")]
    labels: Option<PathBuf>,
    /// The class names, one a line; fixes their order (by default they are sorted)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Inputs")]
    class_names: Option<PathBuf>,
    /// How an image folder is laid out
    #[arg(long, default_value = "auto", value_parser = choice(Layout::ALL, Layout::name), help_heading = "Inputs")]
    layout: Layout,
    /// A further column of an array; may be repeated
    #[arg(long = "array", value_name = "NAME=FILE", value_parser = named_file, help_heading = "Inputs")]
    arrays: Vec<(String, PathBuf)>,

    /// Resize so that the shorter side has N pixels
    #[arg(long, value_name = "N", value_parser = whole(1, u32::MAX), help_heading = "Images")]
    resize: Option<u32>,
    /// Final width and height in pixels, as in 224x224
    #[arg(long, value_name = "WxH", value_parser = width_height, help_heading = "Images")]
    size: Option<(u32, u32)>,
    /// How an image of another aspect ratio meets --size
    #[arg(long, default_value = "crop", value_parser = choice(Fit::ALL, Fit::name), help_heading = "Images")]
    fit: Fit,
    /// With --resize: never enlarge
    #[arg(long, help_heading = "Images")]
    only_shrink: bool,
    /// The resampling filter
    #[arg(long, default_value = "bicubic", value_parser = choice(Filter::ALL, Filter::name), help_heading = "Images")]
    filter: Filter,
    /// How images are stored; keep leaves JPEG and PNG bytes untouched
    #[arg(long, default_value = "keep", value_parser = choice(OutputFormat::ALL, OutputFormat::name), help_heading = "Images")]
    format: OutputFormat,
    /// JPEG quality of images that are encoded again, 1 to 100
    #[arg(long, value_name = "Q", default_value_t = shardify::transform::DEFAULT_QUALITY, value_parser = whole(1_u8, 100), help_heading = "Images")]
    quality: u8,
    /// The channels of stored images
    #[arg(long, default_value = "keep", value_parser = choice(Color::ALL, Color::name), help_heading = "Images")]
    color: Color,
    /// apply turns images upright as their EXIF orientation says and drops the tag
    #[arg(long, default_value = "apply", value_parser = choice(ExifMode::ALL, ExifMode::name), help_heading = "Images")]
    exif: ExifMode,
    /// How kept images are checked: structure finds truncation, decode decodes every pixel
    #[arg(long, default_value = "structure", value_parser = choice(Verify::ALL, Verify::name), help_heading = "Images")]
    verify: Verify,
    /// Refuse images of more pixels (width times height): a guard against decompression bombs
    #[arg(long, value_name = "N", default_value_t = shardify::transform::DEFAULT_MAX_PIXELS, value_parser = whole(1, u64::MAX), help_heading = "Images")]
    max_pixels: u64,

    /// The name of the data set and of its files [default: that of the first input]
    #[arg(long, help_heading = "Shards")]
    name: Option<String>,
    /// No shard is larger, framing included; below 2 GiB. MB is 10^6, MiB is 2^20 bytes [default: 256MB]
    #[arg(long, value_name = "SIZE", help_heading = "Shards")]
    max_shard: Option<ByteSize>,
    /// A fixed number of shards: for each split, or as in train=64,test=8
    #[arg(long, value_name = "N", help_heading = "Shards")]
    shards: Option<ShardCounts>,
    /// gzip suits arrays; TFDS, DALI and Grain cannot read it
    #[arg(long, value_enum, default_value = "none", help_heading = "Shards")]
    compression: CompressionArg,
    /// The feature names: TFDS's (image, label), or those of TF-Slim and TPU models with labels from 1
    #[arg(long, value_enum, default_value = "tfds", help_heading = "Shards")]
    keys: KeysArg,
    /// Added to class numbers when they are stored [default: 0; 1 with --keys slim]
    #[arg(long, value_name = "N", value_parser = whole(0_u32, 1000), help_heading = "Shards")]
    label_offset: Option<u32>,
    /// The feature name of the main array [default: x]
    #[arg(long, value_name = "NAME", help_heading = "Shards")]
    feature: Option<String>,

    /// The seed of order and splits
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole(0, u64::MAX), allow_negative_numbers = true,
          help_heading = "Order and splits")]
    seed: u64,
    /// Keep the order of the inputs instead of shuffling them all
    #[arg(long, help_heading = "Order and splits")]
    no_shuffle: bool,
    /// Split by ratio, as in train=0.8,validation=0.1,test=0.1
    #[arg(long, value_name = "NAME=SHARE,...", help_heading = "Order and splits")]
    split: Option<Ratios>,
    /// Give every split the class shares of the whole
    #[arg(long, help_heading = "Order and splits")]
    stratify: bool,

    /// What to do with an input that cannot be used: stop, or leave it out and list it in failures.jsonl
    #[arg(long, value_enum, default_value = "stop", help_heading = "Run")]
    on_error: OnErrorArg,
    /// With --on-error skip: stop when more inputs fail, as in 100 or 0.5%
    #[arg(long, value_name = "N|P%", help_heading = "Run")]
    max_errors: Option<MaxErrors>,
    /// Carry on an interrupted run of the same command; start if there was none
    #[arg(long, help_heading = "Run")]
    resume: bool,
    /// Replace what an earlier run wrote to OUT, and nothing else
    #[arg(long, help_heading = "Run")]
    overwrite: bool,
    /// Only say what would be read and written, and what looks wrong
    #[arg(long, short = 'n', help_heading = "Run")]
    dry_run: bool,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KeysArg {
    Tfds,
    Slim,
}

fn named_file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err("expected NAME=FILE, as in mask=masks.npy".to_owned()),
    }
}

fn width_height(text: &str) -> Result<(u32, u32), String> {
    let sides =
        text.split_once(['x', 'X']).and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.ok_or_else(|| "expected WIDTHxHEIGHT in pixels, as in 224x224".to_owned())
}

impl Args {
    fn options(&self) -> Result<ConvertOptions, Error> {
        let (inputs, out) = inputs_and_out(&self.paths, "an input", "convert INPUT OUT")?;
        let mut options = ConvertOptions::new(inputs.to_vec(), out.clone());
        options.name.clone_from(&self.name);
        options.labels.clone_from(&self.labels);
        options.class_names = self.class_names.clone().map(ClassNamesFrom::File);
        options.layout = self.layout;
        options.arrays.clone_from(&self.arrays);
        options.feature.clone_from(&self.feature);
        let transform = &mut options.transform;
        transform.short_side = self.resize;
        transform.size = self.size;
        transform.fit = self.fit;
        transform.only_shrink = self.only_shrink;
        transform.filter = self.filter;
        transform.format = self.format;
        transform.quality = self.quality;
        transform.color = self.color;
        transform.exif = self.exif;
        transform.verify = self.verify;
        transform.max_pixels = self.max_pixels;
        options.keys = match self.keys {
            KeysArg::Tfds => ImageKeys::Tfds,
            KeysArg::Slim => ImageKeys::Slim,
        };
        options.label_offset = self.label_offset;
        options.max_shard = self.max_shard;
        options.shards.clone_from(&self.shards);
        options.compression = self.compression.into();
        options.seed = self.seed;
        options.shuffle = !self.no_shuffle;
        options.split.clone_from(&self.split);
        options.stratify = self.stratify;
        options.on_error = match self.on_error {
            OnErrorArg::Stop if self.max_errors.is_some() => {
                return Err(Error::options("--max-errors limits what --on-error skip leaves out")
                    .with_hint("add --on-error skip, or leave out --max-errors"));
            }
            OnErrorArg::Stop => ErrorPolicy::Stop,
            OnErrorArg::Skip => ErrorPolicy::Skip(self.max_errors),
        };
        options.existing = existing(self.resume, self.overwrite);
        options.threads = self.run.threads();
        Ok(options)
    }
}

/// Runs the verb and says how it went.
pub(super) fn main(args: &Args) -> ExitCode {
    let ui = args.run.ui();
    let outcome = run(args, &ui);
    args.run.end(&ui, outcome, |error| hint(args, error))
}

fn run(args: &Args, ui: &Ui) -> Result<(String, Outcome), Error> {
    let options = args.options()?;
    let cancel = cancel_on_interrupt(ui);
    let meter = Meter::new(ui, args.run.progress);
    if args.dry_run {
        let plan = shardify::dry_run(&options, &cancel, &meter);
        meter.finish();
        let plan = plan?;
        let outcome = if plan.problem_count > 0 { Outcome::ProblemsFound } else { Outcome::Clean };
        return Ok((if args.run.json { pretty(&plan.to_json()) } else { dry_run_text(&plan, &options) }, outcome));
    }
    let report = shardify::convert(&options, &cancel, &meter);
    meter.finish();
    let report = report?;
    let outcome = if report.manifest.skipped > 0 { Outcome::ProblemsFound } else { Outcome::Clean };
    for warning in &report.warnings {
        ui.warn(warning);
    }
    let text =
        args.run.show(|| pretty(&report.to_json()), || report_text(&report, ui.verbosity() == Verbosity::Verbose));
    Ok((text, outcome))
}

/// What to do next: what the error itself advises, how to go on without one bad input, and whether there is something to
/// go on from.
fn hint(args: &Args, error: &Error) -> Option<String> {
    let skips = matches!(error.kind(), ErrorKind::Input { .. }) && args.on_error == OnErrorArg::Stop;
    let advice = skips.then_some(("--on-error", "--on-error skip leaves out what cannot be used"));
    next_step(error, &args.paths, args.dry_run, advice)
}
