/**
 * What the client costs over its bare calls; see `overhead` in the scenarios' README.
 *
 * The bare calls are made on the client's own channel: whatever a call has to cost is in them, and
 * what the client adds is all the difference. On other runtimes of gRPC the stub is the slower
 * one (docs/decisions/0009).
 */

import { create } from "@bufbuild/protobuf";
import { connect, type Store } from "@pannier/client";
import { randomUUID } from "node:crypto";

import {
  GetRequestSchema,
  PutIfVersionRequestSchema,
  StorageBackend,
  type Record as WireRecord,
} from "#dist/gen/pannier/v1/storage_pb.js";
import { Channel, encodeRequest } from "#dist/grpc/channel.js";
import { now } from "#dist/grpc/limits.js";
import { makeSettings } from "#dist/settings.js";

type Calls = (calls: number) => Promise<void>;

const DATA = new TextEncoder().encode("x".repeat(1_000));
const TIMEOUT_MS = 10_000;
const WARM_UP_CALLS = 500;

const RPC = StorageBackend.method;

/** Measures both, and returns the medians in microseconds a call. */
export async function overhead(address: string, calls: number, rounds: number): Promise<unknown> {
  const { target, metadata } = makeSettings(address, {});
  await using store = connect(address);
  const channel = new Channel(target, metadata);
  const key = `overhead:${randomUUID()}`;
  await store.put(key, DATA);
  const found = {
    get: await compare(stubGets(channel, key), clientGets(store, key), calls, rounds),
    put_if_version: await compare(stubPuts(channel, key), clientPuts(store, key), calls, rounds),
  };
  await channel.close();
  return found;
}

async function compare(
  stub: Calls,
  client: Calls,
  calls: number,
  rounds: number,
): Promise<Record<string, number>> {
  const contenders: [string, Calls][] = [
    ["client", client],
    ["stub", stub],
  ];
  for (const [, contender] of contenders) await contender(WARM_UP_CALLS);
  const taken = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, contender] of contenders.reverse()) {
      const [wall, cpu] = [now(), process.cpuUsage()];
      await contender(calls);
      const spent = process.cpuUsage(cpu);
      note(taken, `${name}_wall`, ((now() - wall) * 1_000) / calls);
      note(taken, `${name}_cpu`, (spent.user + spent.system) / calls);
    }
  }
  return Object.fromEntries([...taken].map(([name, values]) => [name, median(values)]));
}

function note(taken: Map<string, number[]>, name: string, value: number): void {
  taken.set(name, [...(taken.get(name) ?? []), value]);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  const lower = sorted.length % 2 === 0 ? (sorted[middle - 1] ?? 0) : upper;
  return Math.round((lower + upper) * 50) / 100;
}

async function stubGet(channel: Channel, key: string): Promise<WireRecord> {
  const request = encodeRequest(RPC.get, create(GetRequestSchema, { key }));
  const limits = { deadline: now() + TIMEOUT_MS, signal: undefined };
  const { record } = await channel.unary(RPC.get, request, limits);
  return present(record);
}

function stubGets(channel: Channel, key: string): Calls {
  return async (calls) => {
    for (let call = 0; call < calls; call++) {
      const { data, version, etag } = await stubGet(channel, key);
      check(data.length > 0 && version > 0n && etag !== "");
    }
  };
}

function clientGets(store: Store, key: string): Calls {
  return async (calls) => {
    for (let call = 0; call < calls; call++) {
      const { data, version, etag } = await store.get(key);
      check(data.length > 0 && version > 0n && etag !== "");
    }
  };
}

function stubPuts(channel: Channel, key: string): Calls {
  return async (calls) => {
    let { version } = await stubGet(channel, key);
    for (let call = 0; call < calls; call++) {
      const message = create(PutIfVersionRequestSchema, {
        key,
        data: DATA,
        requestId: randomUUID(),
        expectedVersion: version,
      });
      const request = encodeRequest(RPC.putIfVersion, message);
      const limits = { deadline: now() + TIMEOUT_MS, signal: undefined };
      const answer = await channel.unary(RPC.putIfVersion, request, limits);
      check(answer.etag !== "");
      version = answer.version;
    }
  };
}

function clientPuts(store: Store, key: string): Calls {
  return async (calls) => {
    let { version } = await store.get(key);
    for (let call = 0; call < calls; call++) {
      const written = await store.putIfVersion(key, DATA, { expectedVersion: version });
      check(written.etag !== "");
      version = written.version;
    }
  };
}

function check(isRight: boolean): void {
  if (!isRight) throw new Error("the answer is not what was written");
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the answer has no record");
  return value;
}
