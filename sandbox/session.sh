# Sourced before each command of a session: restores the terminal's state, and saves it when the command ends.
# Directory, variables and exit status are stored in GEDANKEN_SESSION as data, never as code, because a program may
# have replaced them by anything, such as folders, or pipes that nobody writes to.
_gd_memory=${GEDANKEN_SESSION:-/run/session} _gd_home=$HOME _gd_command=$2
set -- # a terminal has no arguments
# Variables that belong to this command alone, or that would change how bash reads commands.
_gd_is_ours() {
  case $1 in
    PWD|OLDPWD|SHLVL|_|_gd_*|HOME|TMPDIR|HOSTNAME|PYTHONHASHSEED|CUDA_VISIBLE_DEVICES|GEDANKEN_*) ;;
    BASHOPTS|SHELLOPTS|POSIXLY_CORRECT|BASH_ENV|BASH_VERSINFO|EUID|PPID|UID) ;;
    *) return 1 ;;
  esac
}
_gd_all_names() {
  local _gd_letter
  _gd_names=()
  for _gd_letter in {a..z} {A..Z} _; do eval "_gd_names+=(\"\${!$_gd_letter@}\")"; done
}
# Variables that bash sets by itself are saved only if they were exported.
_gd_all_names
_gd_of_bash=" ${_gd_names[*]} "
if [ -f "$_gd_memory/variables" ]; then
  while IFS= read -r -d '' _gd_pair; do
    _gd_name=${_gd_pair%%=*}
    # A text that is not a valid name could make bash execute something.
    if [[ ! ${_gd_name#?} =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || _gd_is_ours "${_gd_name#?}"; then continue; fi
    case $_gd_pair in
      x*) export "${_gd_pair#x}" ;;
      -*) printf -v "${_gd_name#-}" %s "${_gd_pair#*=}" ;;
    esac
  done 2>/dev/null < "$_gd_memory/variables"
fi
if [ -f "$_gd_memory/directory" ]; then IFS= read -r -n 4096 -d '' _gd_directory < "$_gd_memory/directory"; fi
cd "${_gd_directory/#\~/$HOME}" 2>/dev/null || cd "$HOME" || exit 1
unset _gd_pair _gd_name _gd_directory OLDPWD

_gd_write_directory() {
  case $PWD/ in "$_gd_home"/*) printf '~%s\0' "${PWD#"$_gd_home"}" ;; *) printf '%s\0' "$PWD" ;; esac
}
_gd_write_variables() {
  local _gd_name
  _gd_all_names
  for _gd_name in "${_gd_names[@]}"; do
    if _gd_is_ours "$_gd_name"; then continue; fi
    case ${!_gd_name@a} in
      *x*) printf 'x%s=%s\0' "$_gd_name" "${!_gd_name}" || return 1 ;;
      *[aAr]*) ;; # arrays and constants are not saved
      *) [[ $_gd_of_bash == *" $_gd_name "* ]] || printf -- '-%s=%s\0' "$_gd_name" "${!_gd_name}" || return 1 ;;
    esac
  done
}
_gd_write_status() { printf '%s\0' "$_gd_code"; }
# Nothing is forked, because the limit of processes may be reached; and because the disk may be full, the old file is
# overwritten only when the new text is known to fit.
_gd_keep() {
  local _gd_file
  for _gd_file in "$_gd_memory/$1.new" "$_gd_memory/$1"; do
    if [ -e "$_gd_file" ] || [ -L "$_gd_file" ]; then [ -f "$_gd_file" ] || rm -rf "$_gd_file"; fi
  done
  "_gd_write_$1" > "$_gd_memory/$1.new" && : > "$_gd_memory/$1.new" && "_gd_write_$1" > "$_gd_memory/$1"
} 2>/dev/null
_gd_remember() {
  _gd_code=$?
  { set +xCeu; } 2>/dev/null
  trap '' TERM
  _gd_keep directory
  _gd_keep variables
  _gd_keep status
  exit "$_gd_code"
}
_gd_last_status() {
  local _gd_status=0
  if [ -f "$_gd_memory/status" ]; then IFS= read -r -n 3 -d '' _gd_status < "$_gd_memory/status"; fi
  [[ $_gd_status =~ ^[0-9]+$ ]] || _gd_status=0
  return "$_gd_status"
}
# The message that an interactive shell prints.
command_not_found_handle() { printf 'bash: %s: command not found\n' "$1" >&2; return 127; }
trap _gd_remember EXIT
trap 'exit 143' TERM # after the running program, which gets the signal too, has ended
_gd_last_status # the command finds this status in $?
