# Says what a task finds around itself, one fact a line, as key=value. Runs as the task: /bin/sh -c "$(cat probe.sh)" probe ARGS…
# It has no brace after a dollar: that would be a variable of Nomad's.
{
  status=/proc/$$/status
  field() { sed -n "s/^$1:[[:space:]]*//p" $status | tr '\t' ' '; }
  what() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
  # Its own subshell does the writing, as a failed redirection would end the shell.
  writes() { what sh -c ': > "$1/.probe" && rm -f "$1/.probe"' probe "$1"; }
  megabytes() { df -m --output=size "$1" | tail -n 1 | tr -d ' '; }
  kind() { stat -c %F "$1" 2>/dev/null || echo none; }
  # Those that were there before: in a PID namespace of its own, what has a lower number.
  elders() {
    for each in /proc/[0-9]*; do
      [ "$(basename "$each")" -lt $$ ] && { tr '\0' '\n' < "$each/cmdline"; } 2>/dev/null | sed -n '1s:.*/::p'
    done | sort -u
  }
  # Who comes in to look whether the task is ready is there for a moment, under the runtime's name at first: only who stays counts.
  lasting_elders() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      seen=$(elders)
      case "$seen" in '' | launcher) break ;; esac
      sleep 0.2
    done
    echo "$seen"
  }
  for each in Uid Gid Groups; do echo "$each=$(field $each)"; done
  for each in CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp; do echo "$each=$(field $each)"; done
  echo "cwd=$(pwd)"
  echo "args=$(for each in "$@"; do printf '[%s]' "$each"; done)"
  for each in / /alloc /alloc/data /alloc/logs /alloc/tmp /local /secrets /tmp; do echo "mode $each=$(stat -c '%a %u:%g' $each)"; done
  for each in / /alloc /local /secrets /tmp /usr/bin; do echo "write $each=$(writes $each)"; done
  echo "type of /secrets=$(stat -f -c %T /secrets)"
  echo "size of /secrets=$(megabytes /secrets)"
  cp /bin/true /secrets/.run 2>/dev/null
  echo "run from /secrets=$(what /secrets/.run)"
  rm -f /secrets/.run
  echo "kind of /private=$(kind /private)"
  echo "kind of /nomad-bridge=$(kind /nomad-bridge)"
  echo "is process 1=$(what [ $$ = 1 ])"
  echo "elders=$(case "$(lasting_elders)" in '') echo none ;; launcher) echo launcher ;; *) echo "the node's" ;; esac)"
  echo "read /etc/shadow=$(what head -c 1 /etc/shadow)"
  echo "passwd=$(head -n 1 /etc/passwd)"
  echo "host name=$(case "$(cat /proc/sys/kernel/hostname)" in nb-*) echo "the pod's" ;; *) echo "the node's" ;; esac)"
  echo "resolv.conf=$(if grep -q ' /etc/resolv.conf ' /proc/self/mountinfo; then echo "the pod's"; else echo "the node's"; fi)"
  echo "umask=$(if [ "$(umask)" = 0022 ]; then echo 0022; else echo "of its parent"; fi)"
  # The parent is what made the task's process. The soft limit of open files is one that programs in Go raise for themselves.
  echo "limits=$(limits() { grep -v 'open files' /proc/$1/limits; }; [ "$(limits $$)" = "$(limits $PPID)" ] && echo "the runtime's" || echo others)"
  echo "type of /dev/shm=$(stat -f -c %T /dev/shm)"
  echo "mode /dev/shm=$(stat -c %a /dev/shm)"
  echo "size of /dev/shm=$(megabytes /dev/shm)"
  echo "/dev/mqueue=$(stat -f -c %T /dev/mqueue)"
  echo "write /sys=$(writes /sys)"
  echo "write /proc/sys=$(what sh -c 'echo 0 > /proc/sys/kernel/panic')"
  echo "bytes of /proc/kcore=$(head -c 4 /proc/kcore 2>/dev/null | wc -c)"
  echo "oom_score_adj=$(sed 's/^-.*/below zero/;s/^[1-9].*/above zero/' /proc/$$/oom_score_adj)"
  # As it was given to the shell, which keeps only names that it could have made itself.
  sort -z /proc/$$/environ | tr '\0\n' '\n ' | grep -vE '^(NOMAD_ALLOC_ID|NOMAD_SHORT_ALLOC_ID|NOMAD_NAMESPACE|NOMAD_PARENT_CGROUP|NOMAD_ALLOC_NAME|NOMAD_JOB_ID|NOMAD_JOB_NAME|NOMAD_GROUP_NAME|NOMAD_TASK_NAME|PWD|OLDPWD|_|SHLVL)=' | sed 's/^/env /'
} > /alloc/data/seen 2>&1
mv /alloc/data/seen /alloc/data/facts
trap 'exit 0' INT TERM HUP USR1 USR2 QUIT
while :; do sleep 60 & wait $!; done
