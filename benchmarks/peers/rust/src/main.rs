//! Does jobs of the benchmarks with rcgen and x509-parser on ring, in slots that the benchmarks ask for: `peer <job>`.
//!
//! The first line of standard input is what the job works on, as JSON; each line after it a number of milliseconds. For each
//! number one line of JSON comes back: nanoseconds of a run, sample by sample. 0 asks for what one run makes, octets in base64.

mod certificates;
mod primitives;

use serde_json::Value;
use std::error::Error;
use std::hint::black_box;
use std::io::{stdin, stdout, BufRead, Write};
use std::time::{Duration, Instant};

/// Does a job once; the result is put into JSON only when it is asked for.
pub type Work = Box<dyn FnMut() -> Result<Made, Box<dyn Error>>>;

/// What a run makes.
pub enum Made {
    Octets(Vec<u8>),
    Facts(certificates::Facts),
    Verdict(bool),
}

/// Shortest time of a sample: quicker jobs are done several times for one.
const SHORTEST_SAMPLE: Duration = Duration::from_micros(50);

fn main() -> Result<(), Box<dyn Error>> {
    let job = std::env::args().nth(1).ok_or("cannot run: no job")?;
    let mut lines = stdin().lock().lines();
    let input = lines.next().ok_or("cannot run: no input")??;
    let mut work = open(&job, &input)?;
    let mut out = stdout().lock();
    for line in lines {
        let milliseconds: f64 = line?.parse()?;
        let answer = if milliseconds == 0.0 {
            json(work()?)
        } else {
            slot(&mut work, Duration::from_secs_f64(milliseconds / 1000.0))?.into()
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn open(job: &str, input: &str) -> Result<Work, Box<dyn Error>> {
    match job {
        "parse" => certificates::parse(input),
        "csr" => certificates::create_request(input),
        "verify-csr" => certificates::verify_request(input),
        "issue" => certificates::issue(input),
        "pipeline" => certificates::pipeline(input),
        "sign" => primitives::sign(input),
        "verify" => primitives::verify(input),
        "hash" => primitives::hash(input),
        _ => Err(format!("cannot run {job:?}: there is no such job").into()),
    }
}

fn json(made: Made) -> Value {
    match made {
        Made::Octets(octets) => primitives::base64(&octets).into(),
        Made::Facts(facts) => serde_json::to_value(facts).expect("facts are plain"),
        Made::Verdict(verdict) => verdict.into(),
    }
}

/// Runs the job until the slot is over, at least once.
fn slot(work: &mut Work, length: Duration) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut samples = vec![];
    let start = Instant::now();
    while samples.is_empty() || start.elapsed() < length {
        let begun = Instant::now();
        let mut runs = 0;
        while runs == 0 || begun.elapsed() < SHORTEST_SAMPLE {
            black_box(work()?);
            runs += 1;
        }
        samples.push(begun.elapsed().as_nanos() as f64 / f64::from(runs));
    }
    Ok(samples)
}
