/** Where the sidecar is: what an address means, and the one used when none is given. */

import { accessSync, constants, lstatSync, mkdirSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";

import type { Target } from "./grpc/target.js";

/** A Unix socket or a port, and what requests call the other side. */
export type Place = Pick<Target, "endpoint" | "authority">;

const ADDRESS_VARIABLE = "PANNIER_ADDRESS";
const MAX_SOCKET_PATH_BYTES = 107; // sun_path of unix(7), less its final zero byte
const FORMS = 'use "unix:/path/to/socket" or "host:port"';
const WAY_OUT = `set ${ADDRESS_VARIABLE}, or XDG_RUNTIME_DIR to a directory of your own`;

/**
 * Returns the socket that sidecar and clients use when nothing else is said.
 *
 * It is `$XDG_RUNTIME_DIR/pannier/pannier.sock`, or `pannier-<uid>/pannier.sock` in the
 * directory for temporary files where that variable is unset, empty or relative (the XDG Base
 * Directory Specification wants relative paths ignored).
 *
 * @throws Error - The platform has no user ids: there is no default there.
 */
export function defaultSocketPath(): string {
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? "";
  if (isAbsolute(runtime)) return join(runtime, "pannier", "pannier.sock");
  return join(temporaryDirectory(), `pannier-${String(userId())}`, "pannier.sock");
}

/**
 * Returns the address to connect to: the given one, the environment's or the default.
 *
 * @throws Error - The default socket's directory is not safe to use.
 */
export function resolveAddress(address: string | undefined): string {
  const given = [address, process.env[ADDRESS_VARIABLE]].find(Boolean);
  if (given) return given;
  const path = defaultSocketPath();
  const directory = dirname(path);
  if (dirname(directory) === temporaryDirectory()) claimDirectory(directory);
  return `unix:${path}`;
}

/**
 * Returns what an address stands for.
 *
 * A relative socket path is taken from the working directory of now: the store connects again
 * later, when that may have changed.
 *
 * @throws TypeError - It is neither `unix:PATH` nor `HOST:PORT`.
 */
export function parseAddress(address: string): Place {
  if (address.startsWith("unix:")) {
    return { endpoint: { path: socketPath(address) }, authority: "localhost" };
  }
  const colon = address.lastIndexOf(":");
  const [host, port] = [address.slice(0, Math.max(0, colon)), address.slice(colon + 1)];
  const isBracketed = host.startsWith("[") && host.endsWith("]");
  if (
    host === "" ||
    host === "[]" ||
    address.includes("/") ||
    (host.includes(":") && !isBracketed)
  ) {
    throw new TypeError(`${JSON.stringify(address)} is no address of a sidecar; ${FORMS}`);
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new TypeError(`${JSON.stringify(address)} has no port from 1 to 65535; ${FORMS}`);
  }
  const bare = isBracketed ? host.slice(1, -1) : host;
  return { endpoint: { host: bare, port: Number(port) }, authority: address };
}

/**
 * Makes sure that a socket's directory is this user's alone; creates it if absent.
 *
 * In a directory where everyone may write, someone else could have made it first and put a
 * socket of their own there. Once it is ours, the sticky bit keeps it ours.
 */
function claimDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== userId()) {
    throw new Error(`${directory} is not a directory of this user; ${WAY_OUT}`);
  }
  if (found.mode & (constants.S_IWGRP | constants.S_IWOTH)) {
    throw new Error(`${directory} can be written by other users; ${WAY_OUT}`);
  }
}

function socketPath(address: string): string {
  const path = address.slice("unix:".length);
  if (/^\/\/(?!\/)/.test(path)) {
    throw new TypeError(`${JSON.stringify(address)} has two slashes; use one or three: unix:/path`);
  }
  if (path === "") throw new TypeError(`${JSON.stringify(address)} has no path; ${FORMS}`);
  const absolute = resolve(path);
  if (Buffer.byteLength(absolute) > MAX_SOCKET_PATH_BYTES) {
    const limit = `a socket's has at most ${String(MAX_SOCKET_PATH_BYTES)} bytes`;
    throw new TypeError(`the path of ${JSON.stringify(address)} is too long: ${limit}`);
  }
  return absolute;
}

/** Returns the directory for temporary files, looked for where the sidecar looks. */
function temporaryDirectory(): string {
  const { TMPDIR, TEMP, TMP } = process.env;
  const candidates = [TMPDIR, TEMP, TMP, "/tmp", "/var/tmp", "/usr/tmp"];
  return resolve(candidates.find(isUsable) ?? ".");
}

function isUsable(directory: string | undefined): boolean {
  if (!directory) return false;
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function userId(): number {
  const id = process.getuid?.();
  if (id === undefined) {
    throw new Error(`there is no default socket here; give an address, or set ${ADDRESS_VARIABLE}`);
  }
  return id;
}
