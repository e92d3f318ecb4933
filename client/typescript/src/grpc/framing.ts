/** gRPC's length-prefixed messages: one byte of flags, four of the length, the message. */

import { RpcError } from "./error.js";

const PREFIX_BYTES = 5;
const NOTHING: readonly Uint8Array[] = [];

/** Returns a message as it is sent. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Takes the chunks of an answer and gives its messages. */
export class MessageReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #wanted = PREFIX_BYTES;

  /** Starts before the first chunk; a message over `maxBytes` is refused. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True where a message has begun and not ended. */
  get isAmidMessage(): boolean {
    return this.#size > 0;
  }

  /**
   * Takes a chunk and returns the messages that it completes.
   *
   * @throws RpcError - A message is too large or compressed, which was not asked for.
   */
  push(chunk: Buffer): readonly Uint8Array[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return NOTHING;
    return this.#split(this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : chunk);
  }

  #split(buffer: Buffer): readonly Uint8Array[] {
    const messages: Uint8Array[] = [];
    let start = 0;
    for (;;) {
      const left = buffer.length - start;
      this.#wanted = left < PREFIX_BYTES ? PREFIX_BYTES : this.#framedSize(buffer, start);
      if (left < this.#wanted) {
        this.#keep(buffer.subarray(start));
        return messages;
      }
      // A plain view: what is decoded from a Buffer would be Buffers too.
      const bytes = this.#wanted - PREFIX_BYTES;
      messages.push(new Uint8Array(buffer.buffer, buffer.byteOffset + start + PREFIX_BYTES, bytes));
      start += this.#wanted;
    }
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
  }

  #framedSize(buffer: Buffer, start: number): number {
    if (buffer[start] !== 0) {
      throw new RpcError("INTERNAL", "the answer is compressed, which was not asked for");
    }
    const bytes = buffer.readUInt32BE(start + 1);
    if (bytes > this.#maxBytes) {
      const most = this.#maxBytes.toLocaleString("en");
      const text = `the answer has ${bytes.toLocaleString("en")} bytes; the limit is ${most}`;
      throw new RpcError("RESOURCE_EXHAUSTED", text);
    }
    return PREFIX_BYTES + bytes;
  }
}
