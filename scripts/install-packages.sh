#!/bin/sh
# Installs Debian packages, and starts and enables none of the services that come with them: saxbridge
# runs such servers itself, on ports of its own and for a moment only. What was installed before stays
# exactly as it is. Run as root: install-packages.sh PACKAGE...
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1

# invoke-rc.d and deb-systemd-invoke ask this program first; 101 forbids.
policy=/usr/sbin/policy-rc.d
kept=$policy.kept-by-saxbridge
mark='# Put here by saxbridge for a moment: no service starts while packages are installed.'

say() { echo "$*" >&2; }

show_signs_of_life() {
  seconds=0
  while sleep 1; do
    seconds=$((seconds + 1))
    [ $((seconds % 10)) != 0 ] || say "  still at it after $seconds s ..."
  done
}

installed() { dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u; }

put_policy_back() {
  if [ -f "$policy" ] && grep -qF "$mark" "$policy"; then rm "$policy"; fi
  if [ -e "$kept" ] || [ -L "$kept" ]; then mv "$kept" "$policy"; fi
}

forbid_starting() {
  put_policy_back # of a run that lost its power
  if [ -e "$policy" ] || [ -L "$policy" ]; then mv "$policy" "$kept"; fi
  printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
  chmod 755 "$policy"
}

disable_new_services() {
  installed | comm -13 "$work/before" - | while read -r package; do
    case $package in systemd*) continue ;; esac # a system's own services are no guests
    dpkg -L "$package" | while read -r file; do
      case $file in
        */systemd/system/*@.*) ;; # a template: never enabled by itself
        */systemd/system/*.service | */systemd/system/*.socket | */systemd/system/*.timer | */systemd/system/*.path)
          if command -v systemctl; then systemctl disable "${file##*/}"; fi ;;
        /etc/init.d/*)
          if command -v update-rc.d; then update-rc.d "${file##*/}" disable; fi ;;
      esac
    done
  done
}

# EX_TEMPFAIL of sysexits.h says that there was no network: then what apt-get said is of no use.
no_network=75
lost_network() { grep -qE 'Could not (resolve|connect)|Temporary failure|Network is unreachable|Connection (failed|timed out)' "$work/log"; }

finish() {
  status=$?
  trap '' INT TERM HUP
  set +e
  [ -z "$signs" ] || kill "$signs" 2>/dev/null
  [ "$status" = 0 ] || [ ! -f "$work/log" ] || ! lost_network || status=$no_network
  [ ! -f "$work/before" ] || disable_new_services >>"$work/log" 2>&1 </dev/null
  put_policy_back
  [ "$status" = 0 ] || [ "$status" = "$no_network" ] || [ ! -f "$work/log" ] || tail -n 15 "$work/log" | sed 's/^/  /' >&2
  rm -rf "$work"
  exit "$status"
}

# Two at a time would each keep the other's policy.
exec 9</usr/sbin
flock 9
work=$(mktemp -d)
signs=
trap finish EXIT
trap 'exit 130' INT TERM HUP
forbid_starting
installed >"$work/before"
show_signs_of_life 9<&- &
signs=$!
say "Looking for what can be installed (apt-get update) ..."
apt-get -qq update >"$work/log" 2>&1 </dev/null || say "apt-get update failed; trying with what it knew"
say "Installing $* (apt-get install) ..."
apt-get -qq -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
  install "$@" >>"$work/log" 2>&1 </dev/null
