//! The `shardify` command: parse, run, exit code. Everything else is in [`cli`], which sees only the public library.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
