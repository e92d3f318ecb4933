import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

import { textOf, type JsonObject } from "./json.js";

/** The stage could not do what it was told; the message is its own. */
export class StageFailed extends Error {}

/** The line to the stage: commands, one JSON object a line, and their answers in order. */
export class Control {
  readonly #socket: Socket;
  readonly #waiting: ((line: string) => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface(socket).on("line", (line) => this.#waiting.shift()?.(line));
  }

  /** Connects to `host:port`. */
  static async open(address: string): Promise<Control> {
    const colon = address.lastIndexOf(":");
    const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
    await once(socket, "connect");
    return new Control(socket);
  }

  /** Disconnects. */
  close(): void {
    this.#socket.end();
  }

  /**
   * Sends a command and returns its answer.
   *
   * @throws StageFailed - It could not be carried out.
   */
  async do(command: JsonObject): Promise<JsonObject> {
    const line = await new Promise<string>((resolve) => {
      this.#waiting.push(resolve);
      this.#socket.write(`${JSON.stringify(command)}\n`);
    });
    const answer = JSON.parse(line) as JsonObject;
    if ("error" in answer) throw new StageFailed(textOf(answer["error"]));
    return answer;
  }
}
