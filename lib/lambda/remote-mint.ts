/**
 * A source kind whose mint is another function's work: only that one may ask ECR, or has Google's library. What it takes is
 * checked here, and what comes back is a credential or a failure with a code, never an error's text.
 */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { failure } from '../domain/result.ts';
import { mintFailure } from '../service/mint.ts';
import type { Report } from '../service/events.ts';
import type { MintFailure, MintRequest, SourceAcceptance, SourceKind } from '../sources/source-kind.ts';
import { decodeMintAnswer, encodeMintRequest } from './mint-request.ts';

export interface RemoteMint {
  readonly client: LambdaClient;
  readonly functionName: string;
  /** What the source itself may take; less than the caller waits, so that the reason arrives. */
  readonly timeoutMilliseconds: number;
  readonly report: Report;
}

export function mintedRemotely(acceptance: SourceAcceptance, remote: RemoteMint): SourceKind {
  return { ...acceptance, mint: (request) => mintRemotely(request, acceptance.kind, remote) };
}

async function mintRemotely(request: MintRequest, kind: string, remote: RemoteMint): ReturnType<SourceKind['mint']> {
  const { client, functionName, timeoutMilliseconds, report } = remote;
  const { signal, ...what } = request;
  const command = new InvokeCommand({
    FunctionName: functionName,
    InvocationType: 'RequestResponse',
    Payload: new TextEncoder().encode(encodeMintRequest({ ...what, timeoutMilliseconds })),
  });
  const failed = (reason: string, refusal: MintFailure): ReturnType<typeof failure<MintFailure>> => {
    report({ level: 'error', code: 'mint.invoke_failed', fields: { kind, reason } });
    return failure(refusal);
  };
  try {
    const { FunctionError, Payload } = await client.send(command, { abortSignal: signal });
    // What it threw is in the payload: its log says it, too, and its text has no place here.
    if (FunctionError !== undefined) return failed('function_error', BROKEN);
    const answer = decodeMintAnswer(new TextDecoder().decode(Payload));
    return answer ?? failed('bad_answer', BROKEN);
  } catch (error) {
    if (signal.aborted) return failed('timeout', LATE);
    const name = error instanceof Error ? error.name : '';
    return failed(CODE.test(name) ? name : 'unknown', THROTTLED.test(name) ? BUSY : UNAVAILABLE);
  }
}

/** Names come over the wire: what does not look like a code is none. */
const CODE = /^[A-Za-z][A-Za-z0-9_]{0,79}$/;
const THROTTLED = /^(?:TooManyRequests|Throttling|EC2Throttled)/;

const BROKEN = mintFailure('internal', 'the function that mints for this kind failed; its log says where');
const LATE = mintFailure('timeout', 'the function that mints for this kind did not answer in time; try again');
const BUSY = mintFailure('throttled', 'too many functions run in this account at once; try again in a moment');
const UNAVAILABLE = mintFailure('unavailable', 'the function that mints for this kind could not be called; try again');
