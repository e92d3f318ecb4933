import { create, type MessageInitShape } from "@bufbuild/protobuf";

import {
  GetRequestSchema,
  GetResponseSchema,
  ListByPrefixResponseSchema,
  StorageBackend,
  type GetResponse,
  type ListByPrefixResponse,
} from "#dist/gen/pannier/v1/storage_pb.js";
import { Channel, encodeRequest } from "#dist/grpc/channel.js";
import { now, type Limits } from "#dist/grpc/limits.js";
import { makeSettings } from "#dist/settings.js";

const UTF8 = new TextEncoder();

/** Limits that no test should reach. */
export const PLENTY: Limits = { deadline: Infinity, signal: undefined };

/** Returns limits that end so soon. */
export function inMs(ms: number): Limits {
  return { deadline: now() + ms, signal: undefined };
}

/** Opens a channel. */
export function openChannel(address: string): Channel {
  const { target, metadata } = makeSettings(address, {});
  return new Channel(target, metadata);
}

/** Makes one bare call of Get. */
export async function get(channel: Channel, limits: Limits = PLENTY): Promise<GetResponse> {
  const method = StorageBackend.method.get;
  const request = encodeRequest(method, create(GetRequestSchema, { key: "o:n" }));
  return channel.unary(method, request, limits);
}

/** Returns an answer of Get. */
export function found(data: string): GetResponse {
  const record = { key: "o:n", data: UTF8.encode(data), version: 1n, etag: "e" };
  return create(GetResponseSchema, { record });
}

/** Returns a page of a list with these records, each with its key as its data. */
export function page(
  names: readonly string[],
  more: MessageInitShape<typeof ListByPrefixResponseSchema> = {},
): ListByPrefixResponse {
  const records = names.map((name) => ({
    key: `o:${name}`,
    data: UTF8.encode(name),
    version: 1n,
    etag: "e",
  }));
  return create(ListByPrefixResponseSchema, { records, ...more });
}
