/**
 * The call that kubelet makes to have an image pulled: PullImage of the CRI, over gRPC on containerd's socket. Two messages
 * are written by hand here; a client library for one call is not worth having.
 */
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';

const LIMIT_MS = 30_000;

export interface PullRequest {
  readonly socket: string;
  readonly image: string;
  readonly login?: { readonly username: string; readonly password: string };
}

export interface PullAnswer {
  /** gRPC's status: 0 when the image was pulled. */
  readonly status: number;
  readonly message: string;
}

/** A length-delimited field of protobuf. */
function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

function message({ image, login }: PullRequest): Buffer {
  const auth = login && field(2, Buffer.concat([field(1, login.username), field(2, login.password)]));
  const body = Buffer.concat([field(1, field(1, image)), ...(auth ? [auth] : [])]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(body.length, 1);
  return Buffer.concat([frame, body]);
}

/** Rejects only where containerd cannot be spoken to. */
export async function criPull(request: PullRequest): Promise<PullAnswer> {
  const session = connectHttp2('http://localhost', { createConnection: () => connect(request.socket) });
  try {
    return await new Promise((resolve, reject) => {
      session.once('error', reject);
      const stream = session.request({
        ':method': 'POST',
        ':path': '/runtime.v1.ImageService/PullImage',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const settle = (headers: Readonly<Record<string, unknown>>): void => {
        const status = headers['grpc-status'];
        if (status === undefined) return;
        const text = headers['grpc-message'];
        resolve({ status: Number(status), message: typeof text === 'string' ? decodeURIComponent(text) : '' });
      };
      stream.setTimeout(LIMIT_MS, () => {
        reject(new Error(`containerd did not answer in ${LIMIT_MS} ms`));
      });
      stream.once('error', reject);
      // Without a body the status is in the headers.
      stream.once('response', settle);
      stream.once('trailers', settle);
      stream.resume();
      stream.end(message(request));
    });
  } finally {
    session.destroy();
  }
}
