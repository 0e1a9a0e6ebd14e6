#!/bin/bash
# The first process of a sandbox: starts the session's command, passes SIGTERM on to it, and adopts orphaned processes.
# $1: seconds after which the command ends even if nobody watches it any more; $2: seconds between SIGTERM and
# SIGKILL; $3: the command, evaluated so that its error messages name bash, as they do at a terminal.
exec 3>&2 2>/dev/null
set -m # a process group for the command, and an interrupt that it can catch
timeout --kill-after="$2" "$1" \
  bash -c '. "$1"; eval "$_gd_command"' bash "${BASH_SOURCE%/*}/session.sh" "$3" 2>&3 3>&- &
command=$!
trap 'kill -TERM $command' TERM
wait $command
# `wait` returns at once if the command has stopped its whole group, `timeout` included: nobody else would continue it.
while kill -0 $command; do kill -CONT -- -$command; wait $command; done
wait $command
code=$?
# Podman does not say whether the kernel killed a process because memory ran out; the control group's counter does.
[ ! -e /run/session/oom_kills ] || rm -rf /run/session/oom_kills
for file in /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events; do
  while read -r name count; do
    if [ "$name" = oom_kill ] && [ "$count" != 0 ]; then echo "$count" > /run/session/oom_kills; fi
  done < "$file"
done
exit $code
