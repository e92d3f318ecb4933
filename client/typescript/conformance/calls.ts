/** A scenario's calls, made through the client's public interface. */

import {
  key,
  prefix,
  type Change,
  type Consistency,
  type DeleteOptions,
  type ListOptions,
  type Order,
  type Store,
  type StoredRecord,
  type WriteOptions,
} from "@pannier/client";

import type { Control } from "./control.js";
import { isObject, type Json, type JsonObject, textOf } from "./json.js";
import { ChangeFailed, pageJson, recordJson, unreadableJson, writtenJson } from "./results.js";

type Call = (args: JsonObject) => Promise<JsonObject> | JsonObject;

/** Returns a function that makes the calls of a scenario on a store, by their names. */
export function callsOn(
  store: Store,
  control: Control,
): (name: string, args: JsonObject) => unknown {
  const calls: Record<string, Call> = {
    key: (args) => ({ key: key(text(args, "owner"), text(args, "name")) }),
    prefix: (args) => ({ prefix: prefix(text(args, "owner"), optionalText(args, "name_start")) }),
    get: async (args) => recordJson(await store.get(text(args, "key"), readOptions(args))),
    put: async (args) =>
      writtenJson(await store.put(text(args, "key"), dataOf(args), writeOptions(args))),
    put_if_version: async (args) => {
      const options = {
        ...writeOptions(args),
        expectedVersion: BigInt(args["expected_version"] as string),
        etag: optionalText(args, "etag"),
      };
      return writtenJson(await store.putIfVersion(text(args, "key"), dataOf(args), options));
    },
    create: async (args) =>
      writtenJson(await store.create(text(args, "key"), dataOf(args), writeOptions(args))),
    delete: async (args) => ({
      deleted: await store.delete(text(args, "key"), deleteOptions(args)),
    }),
    update: (args) => update(store, control, args),
    list: (args) => list(store, control, args),
    list_pages: async (args) => {
      const pages: Json[] = [];
      const found = store.listPages(text(args, "prefix"), listOptions(args));
      for await (const page of found) pages.push(pageJson(page));
      return { pages };
    },
    cleanup_expired: async (args) => {
      const options = { ...callOptions(args), limit: optionalNumber(args, "limit") };
      return { ...(await store.cleanupExpired(optionalText(args, "prefix"), options)) };
    },
    close: async () => {
      await store.close();
      return {};
    },
  };
  return (name, args) => {
    const call = calls[name];
    if (!call) throw new Error(`there is no call ${name}`);
    return call(args);
  };
}

async function update(store: Store, control: Control, args: JsonObject): Promise<JsonObject> {
  const wanted = args["change"] as JsonObject;
  const event = args["on_first_change"];
  let changes = 0;
  const change: Change = async (record) => {
    changes += 1;
    if (event !== undefined && changes === 1) await control.do(event as JsonObject);
    return changed(record, wanted);
  };
  const record = await store.update(text(args, "key"), change, writeOptions(args));
  return { ...recordJson(record), changes };
}

function changed(record: StoredRecord, wanted: JsonObject): string | undefined {
  if ("raise" in wanted) throw new ChangeFailed(textOf(wanted["raise"]));
  if ("keep" in wanted) return undefined;
  if ("append" in wanted) return record.text() + textOf(wanted["append"]);
  return String(BigInt(record.text()) + BigInt(wanted["add"] as number));
}

async function list(store: Store, control: Control, args: JsonObject): Promise<JsonObject> {
  const unreadable: Json[] = [];
  const options: ListOptions = {
    ...listOptions(args),
    onUnreadable: args["name_unreadable"]
      ? (row) => unreadable.push(unreadableJson(row))
      : undefined,
  };
  const records: Json[] = [];
  for await (const record of store.list(text(args, "prefix"), options)) {
    records.push(recordJson(record));
    const event = args["on_first_record"];
    if (event !== undefined && records.length === 1) await control.do(event as JsonObject);
    if (records.length === args["take"]) break;
  }
  return { records, unreadable };
}

function callOptions(args: JsonObject): { timeoutMs: number | undefined } {
  const seconds = optionalNumber(args, "timeout_seconds");
  return { timeoutMs: seconds === undefined ? undefined : seconds * 1_000 };
}

function readOptions(args: JsonObject): { consistency: Consistency | undefined } {
  const consistency = optionalText(args, "consistency") as Consistency | undefined;
  return { ...callOptions(args), consistency };
}

function writeOptions(args: JsonObject): WriteOptions {
  const time = optionalText(args, "expire_time");
  return {
    ...callOptions(args),
    ttlSeconds: optionalNumber(args, "ttl_seconds"),
    expireTime: time === undefined ? undefined : new Date(time),
    neverExpires: args["never_expires"] as boolean | undefined,
    requestId: optionalText(args, "request_id"),
  };
}

function deleteOptions(args: JsonObject): DeleteOptions {
  const version = args["expected_version"];
  return {
    ...callOptions(args),
    expectedVersion: version === undefined ? undefined : BigInt(version as string),
    etag: optionalText(args, "etag"),
  };
}

function listOptions(args: JsonObject): ListOptions {
  return {
    ...readOptions(args),
    pageSize: optionalNumber(args, "page_size"),
    pageToken: optionalText(args, "page_token"),
    limit: optionalNumber(args, "limit"),
    keysOnly: args["keys_only"] as boolean | undefined,
    order: optionalText(args, "order") as Order | undefined,
  };
}

function dataOf(args: JsonObject): string | Uint8Array {
  const data = args["data"] ?? "";
  if (!isObject(data)) return textOf(data);
  if ("base64" in data) return Buffer.from(textOf(data["base64"]), "base64");
  return textOf(data["repeat"]).repeat(Number(data["times"]));
}

function text(args: JsonObject, name: string): string {
  return textOf(args[name]);
}

function optionalText(args: JsonObject, name: string): string | undefined {
  return args[name] === undefined ? undefined : text(args, name);
}

function optionalNumber(args: JsonObject, name: string): number | undefined {
  return args[name] === undefined ? undefined : Number(args[name]);
}
