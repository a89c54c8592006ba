# hold-socket.pl PATH COMMAND...: opens a UNIX datagram socket as descriptor 3, as systemd does for a
# service with NonBlocking=yes, and becomes COMMAND. Whoever has the descriptor keeps what the kernel
# took, whatever becomes of those who read it.
use strict;
use warnings;
use Fcntl;
use POSIX ();
use Socket;

$^F = 3; # Descriptors up to this one outlive exec.
my ($path, @command) = @ARGV;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!\n";
bind($socket, pack_sockaddr_un($path)) or die "bind $path: $!\n";
fcntl($socket, F_SETFL, O_NONBLOCK) or die "fcntl: $!\n";
POSIX::dup2(fileno($socket), 3) or die "dup2: $!\n";
exec { $command[0] } @command or die "exec $command[0]: $!\n";
