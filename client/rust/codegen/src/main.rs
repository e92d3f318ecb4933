//! Generates the Rust code of the contract, as a plugin of buf.
//!
//! Reads a `CodeGeneratorRequest` from its standard input and writes the answer to its
//! standard output, as protoc's plugins do. It needs no protoc.

use std::io::{self, Read, Write};

use prost::Message;
use prost_build::{Config, Module};
use prost_types::FileDescriptorProto;
use prost_types::compiler::code_generator_response::{Feature, File};
use prost_types::compiler::{CodeGeneratorRequest, CodeGeneratorResponse};

const HEADER: &str = "// Generated from the contract by `make generate`. Do not edit.\n\n";

/// The data of requests is shared by all attempts at a call, without a copy for each.
/// That of answers is copied out, so that a record does not keep a whole page in memory.
const SHARED_DATA: [&str; 2] = ["PutRequest.data", "PutIfVersionRequest.data"];

fn main() -> io::Result<()> {
    let mut encoded = Vec::new();
    io::stdin().read_to_end(&mut encoded)?;
    let request = CodeGeneratorRequest::decode(encoded.as_slice())?;
    let answer = CodeGeneratorResponse {
        file: generate(request)?,
        supported_features: Some(Feature::Proto3Optional as u64),
        ..CodeGeneratorResponse::default()
    };
    io::stdout().write_all(&answer.encode_to_vec())
}

/// Returns the code of the packages that were asked for; their imports are only read.
fn generate(request: CodeGeneratorRequest) -> io::Result<Vec<File>> {
    let wanted: Vec<Module> = request
        .proto_file
        .iter()
        .filter(|file| request.file_to_generate.iter().any(|it| it == file.name()))
        .map(module)
        .collect();
    let read = request.proto_file.into_iter();
    let generated = config().generate(read.map(|file| (module(&file), file)).collect())?;
    let mut files: Vec<File> = generated
        .into_iter()
        .filter(|(module, _)| wanted.contains(module))
        .map(|(module, code)| File {
            name: Some(module.to_file_name_or("root")),
            content: Some(format!("{HEADER}{code}")),
            ..File::default()
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

fn module(file: &FileDescriptorProto) -> Module {
    Module::from_protobuf_package_name(file.package())
}

fn config() -> Config {
    let services = tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .service_generator();
    let mut config = Config::new();
    config.bytes(SHARED_DATA).service_generator(services);
    config
}
