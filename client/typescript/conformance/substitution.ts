/** Saved values in a scenario's JSON, and the paths by which they are saved. */

import { isObject, type Json, textOf } from "./json.js";

/** Saved values by their names. */
export type Saved = Map<string, Json>;

const NAME = /\$([A-Za-z_]+)/g;
const NOTHING_BUT_NAME = /^\$([A-Za-z_]+)$/;

/**
 * Returns a JSON value in which saved values stand for their names.
 *
 * A matcher's own field, such as `$any`, is no name: only string values are looked at.
 */
export function substitute(value: Json, saved: Saved): Json {
  if (Array.isArray(value)) return value.map((part) => substitute(part, saved));
  if (isObject(value)) {
    const parts = Object.entries(value).map(([name, part]) => [name, substitute(part, saved)]);
    return Object.fromEntries(parts) as Json;
  }
  if (typeof value !== "string") return value;
  const whole = NOTHING_BUT_NAME.exec(value);
  if (whole) return savedAs(whole[1], saved);
  return value.replace(NAME, (_, name: string) => textOf(savedAs(name, saved)));
}

/** Returns a part of a JSON value, as `pages.0.next_page_token` names it. */
export function atPath(value: Json, path: string): Json {
  let part = value;
  for (const step of path.split(".")) {
    const inner: Json | undefined = Array.isArray(part) ? part[Number(step)] : fieldOf(part, step);
    if (inner === undefined) throw new Error(`there is nothing at ${path}`);
    part = inner;
  }
  return part;
}

function fieldOf(value: Json, name: string): Json | undefined {
  return isObject(value) ? value[name] : undefined;
}

function savedAs(name: string | undefined, saved: Saved): Json {
  const value = name === undefined ? undefined : saved.get(name);
  if (value === undefined) throw new Error(`nothing was saved as ${String(name)}`);
  return value;
}
