/** The bytes of one record of a request, as they were sent. Pure. */
import { readJson } from '../otlp/json/read-json.ts';
import { readProtobuf } from '../otlp/protobuf/read-protobuf.ts';
import type { Content, RequestHead } from './entry.ts';

const READERS = { json: readJson, protobuf: readProtobuf };

/**
 * @param record counted from 0
 * @returns undefined when the request has no such record
 * @throws OtlpDecodeError when the request is no OTLP
 */
export function recordBytes(
  { signal, encoding }: RequestHead,
  { body }: Content,
  record: number,
): Uint8Array | undefined {
  let seen = 0;
  let found: Uint8Array | undefined;
  const look = ({ bytes }: { readonly bytes: Uint8Array }): void => {
    if (seen === record) found = bytes;
    seen += 1;
  };
  READERS[encoding](signal, body, look, look);
  return found;
}
