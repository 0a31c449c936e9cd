/** A sender of OTLP/gRPC that is not ours: the client of `@grpc/grpc-js`, with bytes as they are. */
import * as grpc from '@grpc/grpc-js';
import type { OtlpSignal } from '../../schemas/otlp/request.ts';

export const METHOD: Readonly<Record<OtlpSignal, string>> = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
};

export interface GrpcClient {
  /** @returns the answer's bytes @throws grpc.ServiceError */
  send(signal: OtlpSignal, body: Uint8Array, metadata?: Readonly<Record<string, string>>): Promise<Buffer>;
  close(): void;
}

/** @param address host:port @param credentials none for plaintext */
export function grpcClient(
  address: string,
  options: grpc.ChannelOptions = {},
  credentials = grpc.credentials.createInsecure(),
): GrpcClient {
  const client = new grpc.Client(address, credentials, {
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  });
  const asIs = (bytes: Buffer): Buffer => bytes;
  return {
    send: (signal, body, metadata = {}) =>
      new Promise((resolve, reject) => {
        const headers = new grpc.Metadata();
        for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
        client.makeUnaryRequest(METHOD[signal], asIs, asIs, Buffer.from(body), headers, (error, answer) => {
          if (error === null) resolve(answer ?? Buffer.alloc(0));
          else reject(error);
        });
      }),
    close: () => client.close(),
  };
}
