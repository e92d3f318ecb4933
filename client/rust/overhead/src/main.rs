//! What the client costs over its bare generated stub: the runner's command `overhead`.

mod arguments;
mod contenders;
mod measuring;

use std::env;
use std::error::Error;

use crate::arguments::Arguments;

/// What ends a measurement.
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::read(env::args().skip(1))?;
    println!("{}", measuring::run(&arguments).await?);
    Ok(())
}
