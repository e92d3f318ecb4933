/** The name of a gRPC status code that stands for a failure, such as `"NOT_FOUND"`. */
export type StatusCode =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** The codes, each at its number. */
const CODES: readonly ("OK" | StatusCode)[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

const BY_TEXT = new Map<unknown, "OK" | StatusCode>(
  CODES.map((code, number) => [String(number), code]),
);

/** Returns the code for the text of `grpc-status`; what is no number of a code is UNKNOWN. */
export function readCode(text: unknown): StatusCode | "OK" {
  return BY_TEXT.get(text) ?? "UNKNOWN";
}

// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
const BY_HTTP_STATUS: Readonly<Record<number, StatusCode>> = {
  400: "INTERNAL",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "UNIMPLEMENTED",
  429: "UNAVAILABLE",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "UNAVAILABLE",
};

/** Returns the code for an answer over HTTP that has no gRPC status. */
export function codeOfHttpStatus(status: number | undefined): StatusCode {
  return BY_HTTP_STATUS[status ?? 0] ?? "UNKNOWN";
}
