import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

const PhpSend = z.object({
  /** From opening the socket to closing it, in milliseconds, by PHP's own monotonic clock. */
  ms: z.number(),
  /** What PHP says went wrong; null when the datagram was sent. */
  error: z.string().nullable(),
});

/** One announcement as PHP saw it. */
export type PhpSend = Readonly<z.infer<typeof PhpSend>>;

// What site code does for each announcement: open, send, close. Errors are values, not warnings.
const SCRIPT = `<?php
[$path, $via, $texts] = json_decode(stream_get_contents(STDIN), true, 8, JSON_THROW_ON_ERROR);
function by_sendto($path, $text) {
  $socket = socket_create(AF_UNIX, SOCK_DGRAM, 0);
  $sent = @socket_sendto($socket, $text, strlen($text), 0, $path);
  $error = $sent === strlen($text) ? null : socket_strerror(socket_last_error($socket));
  socket_close($socket);
  return $error;
}
function by_stream($path, $text) {
  $socket = @stream_socket_client("udg://$path", $number, $message, 5);
  if ($socket === false) return $message;
  $sent = @fwrite($socket, $text);
  fclose($socket);
  return $sent === strlen($text) ? null : "wrote " . var_export($sent, true);
}
$sends = [];
foreach ($texts as $text) {
  $start = hrtime(true);
  $error = $via === "stream" ? by_stream($path, $text) : by_sendto($path, $text);
  $sends[] = ["ms" => (hrtime(true) - $start) / 1e6, "error" => $error];
}
echo json_encode($sends, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);
`;

/**
 * Announces each text with a datagram of its own from real PHP, by `socket_sendto()` or a stream. The
 * sends block, as in site code. Rejects when PHP itself fails; a refused datagram is in the result.
 */
export async function phpAnnounce(
  socketPath: string,
  texts: readonly string[],
  { via }: { readonly via: "socket_sendto" | "stream" },
): Promise<readonly PhpSend[]> {
  const directory = await mkdtemp(join(tmpdir(), "saxbridge-php-"));
  try {
    const script = join(directory, "announce.php");
    await writeFile(script, SCRIPT);
    const php = run("php", [script], { maxBuffer: 64 * 1024 * 1024 });
    php.child.stdin?.end(JSON.stringify([socketPath, via, texts]));
    const { stdout } = await php;
    return z.array(PhpSend).parse(JSON.parse(stdout));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The longest of the sends in milliseconds; 0 when there was none. */
export function slowest(sends: readonly PhpSend[]): number {
  return sends.reduce((most, { ms }) => Math.max(most, ms), 0);
}
