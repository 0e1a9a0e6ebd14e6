#!/bin/bash
# Runs one command of a session: what a terminal remembers is read before it and written after it.
# $1 is the command. Directory and exported variables are kept as data, never as code, in GEDANKEN_SESSION,
# where a program may have put anything in their place: pipes that nobody writes, folders.
_memory=${GEDANKEN_SESSION:-/run/session}
# What belongs to this command alone, or would change how this script is read.
_is_ours() {
  case $1 in
    PWD|OLDPWD|SHLVL|_|HOME|TMPDIR|HOSTNAME|PYTHONHASHSEED|CUDA_VISIBLE_DEVICES|GEDANKEN_*) ;;
    BASHOPTS|SHELLOPTS|POSIXLY_CORRECT|BASH_ENV|BASH_VERSINFO|EUID|PPID|UID) ;;
    *) return 1 ;;
  esac
}
if [ -f "$_memory/variables" ]; then
  while IFS= read -r -d '' _pair; do
    _is_ours "${_pair%%=*}" || export "$_pair"
  done 2>/dev/null < "$_memory/variables"
fi
if [ -f "$_memory/directory" ]; then IFS= read -r -n 4096 -d '' _directory < "$_memory/directory"; fi
cd "${_directory/#\~/$HOME}" 2>/dev/null || cd "$HOME" || exit 1
unset _pair _directory

_directory() { case $PWD in "$HOME"*) printf '~%s\0' "${PWD#"$HOME"}" ;; *) printf '%s\0' "$PWD" ;; esac }
_variables() {
  local _letter _name _names=()
  for _letter in {a..z} {A..Z} _; do eval "_names+=(\"\${!$_letter@}\")"; done
  for _name in "${_names[@]}"; do
    if ! _is_ours "$_name" && [[ ${!_name@a} == *x* ]]; then printf '%s=%s\0' "$_name" "${!_name}"; fi
  done
}
# Nothing is forked, for there may be no process left to have; and what is there is given up only when the new is
# known to fit, for the disk may be full.
_keep() {
  local file
  for file in "$_memory/$1.new" "$_memory/$1"; do
    if [ -e "$file" ] || [ -L "$file" ]; then [ -f "$file" ] || rm -rf "$file"; fi
  done
  "_$1" > "$_memory/$1.new" && : > "$_memory/$1.new" && "_$1" > "$_memory/$1"
} 2>/dev/null
_remember() {
  local code=$?
  { set +xC; } 2>/dev/null
  trap '' TERM
  _keep directory
  _keep variables
  exit "$code"
}
# Said as an interactive shell says it.
command_not_found_handle() { printf 'bash: %s: command not found\n' "$1" >&2; return 127; }
trap _remember EXIT
trap 'exit 143' TERM # after the program at work, which is asked as well, has ended
eval "$1"
