<?php
// announce.php PATH PAUSE_MS SEED: announces numbers until its standard input ends, as site code does: open,
// send without waiting, close. A number that the kernel does not take is tried again. Each number that
// it took is a line of JSON on standard output; "ms" is its longest try.

const RETRY_US = 20_000;

[, $path, $pause, $seed] = $argv;
mt_srand((int) $seed);
stream_set_blocking(STDIN, false);

/** How long this process has waited for a processor so far, in nanoseconds: that is no wait for the kernel. */
function waited(): int {
  $times = @file_get_contents("/proc/self/schedstat");
  return $times === false ? 0 : (int) explode(" ", $times)[1];
}

/** Whether the kernel took the datagram. */
function announce(string $path, string $text): bool {
  $socket = socket_create(AF_UNIX, SOCK_DGRAM, 0);
  socket_set_nonblock($socket);
  $sent = @socket_sendto($socket, $text, strlen($text), 0, $path);
  socket_close($socket);
  return $sent === strlen($text);
}

function is_over(): bool {
  fread(STDIN, 1);
  return feof(STDIN);
}

for ($number = 1; !is_over(); $number += 1) {
  for ($tries = 1, $longest = 0; ; $tries += 1) {
    $at = microtime(true);
    $waited = waited();
    $start = hrtime(true);
    $sent = announce($path, "#p.$number; said on the site");
    $took = hrtime(true) - $start;
    $longest = max($longest, ($took - min($took, waited() - $waited)) / 1e6);
    if ($sent || is_over()) break;
    usleep(RETRY_US);
  }
  if (!$sent) break;
  echo json_encode(["number" => $number, "at" => $at * 1e3, "ms" => $longest, "tries" => $tries]), "\n";
  usleep((int) ($pause * 1e3 * mt_rand(50, 150) / 100));
}
