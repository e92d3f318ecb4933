import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** A running `pannier serve` that keeps its records in memory. */
export class Sidecar implements AsyncDisposable {
  readonly address: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(address: string, process: ChildProcess, folder: string) {
    this.address = address;
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts one, and waits until it serves. */
  static async start(): Promise<Sidecar> {
    const folder = mkdtempSync(join(tmpdir(), "pannier-"));
    const address = `unix:${join(folder, "s.sock")}`;
    const command = join(ROOT, ".venv", "bin", "pannier");
    const started = spawn(command, ["serve", "--store=memory:", `--listen=${address}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const first = await Promise.race([once(started.stdout, "data"), once(started, "exit")]);
    if (started.exitCode !== null) throw new Error(`the sidecar ended with ${String(first[0])}`);
    return new Sidecar(address, started, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
    rmSync(this.#folder, { recursive: true });
  }
}
