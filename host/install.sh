#!/bin/sh
# Puts Pullpass's credential helper on this host and tells docker, podman, skopeo and buildah to use it.
#   curl -fsS $URL/install/install.sh | sh -s -- --url $URL --environment ENV [--token-file FILE] [options]
# Needs POSIX sh, awk, curl and the usual small tools. What it adds is written down in a record, and --remove takes away
# exactly that. It changes a client's JSON only where it understands all of it; else it says what to write, and stops.

set -fu
umask 077
LC_ALL=C
export LC_ALL

# For curl itself, which keeps what comes after a body.
LARGEST_CURL_KB=65536
LARGEST_SCRIPT=524288
NEWLINE='
'

usage() {
  cat <<'USAGE'
usage: install.sh --url URL --environment ENV [options]
       install.sh --remove [--user | --system]

  --url URL            where Pullpass answers: https://host[:port]
  --environment ENV    the environment this host belongs to
  --token-file FILE    the agent token, to be copied; asked for when neither this nor an earlier token is there
  --server-user NAME   the account that Pullpass runs as, where URL is plain http on loopback and that is neither root nor
                       the user who pulls
  --ca-file FILE       PEM of the authority to trust for URL, instead of the system's; to be copied
  --registry HOST      ask Pullpass for this registry only (host[:port], docker.io for Docker Hub); may be repeated.
                       Without it Pullpass is asked for every registry
  --host-config        with --system: also take over what Pullpass says of registries' certificates and of what this host
                       may pull (pullpass-host), now and, where systemd runs, every 10 minutes
  --user, --system     for you alone (~/.local/bin, ~/.config), or for root (/usr/local/bin, /etc); by who runs it
  --insecure-http      allow plain http to an address that is not loopback
  --remove             take away what an earlier run added
  --dry-run            say what would be done, and change nothing
USAGE
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit 1
}

# For what does not keep the rest from being done; the exit status tells of it.
complain() {
  printf 'install.sh: %s\n' "$1" >&2
  unhappy=1
}

# Says a step; succeeds where it is really to be done.
step() {
  printf '%s%s\n' "${dry:+would }" "$1"
  [ -z "$dry" ]
}

# The option $1 needs a value, and $2 arguments are left.
need_value() {
  [ "$2" -ge 2 ] || fail "$1 needs a value"
}

read_arguments() {
  url='' environment='' token_file='' ca_file='' registries='' scope='' insecure='' remove='' dry='' unhappy=0
  host_config='' server_user=''
  while [ $# -gt 0 ]; do
    case $1 in
      --url | --environment | --token-file | --ca-file | --registry | --server-user) need_value "$1" $# ;;
    esac
    case $1 in
      --url) url=${2%/} && shift ;;
      --environment) environment=$2 && shift ;;
      --token-file) token_file=$2 && shift ;;
      --ca-file) ca_file=$2 && shift ;;
      --registry) add_registry "$2" && shift ;;
      --server-user) server_user=$2 && shift ;;
      --user | --system) scope=${1#--} ;;
      --insecure-http) insecure=1 ;;
      --host-config) host_config=1 ;;
      --remove) remove=1 ;;
      --dry-run) dry=1 ;;
      -h | --help) usage && exit 0 ;;
      *) usage >&2 && fail "unknown argument: $1" ;;
    esac
    shift
  done
}

add_registry() {
  case $1 in
    https://index.docker.io/v1/ | index.docker.io | docker.io) registries="$registries docker.io" ;;
    '' | *[!A-Za-z0-9.:_[\]-]* | -*) fail "--registry must be host[:port], without scheme or path: $1" ;;
    *) registries="$registries $1" ;;
  esac
}

check_arguments() {
  case $url in
    '') fail '--url is missing' ;;
    *[!A-Za-z0-9.:/_~%[\]-]*) fail '--url must be http(s)://host[:port][/path], without user, query or fragment' ;;
    http://?* | https://?*) ;;
    *) fail '--url must begin with https://' ;;
  esac
  port=${url#*://}
  port=${port%%/*}
  case $port in
    \[*\]*) host=${port%%]*}] ;;
    *) host=${port%%:*} ;;
  esac
  port=${port#"$host"}
  loopback=
  case $host in
    localhost | '[::1]') loopback=1 ;;
    127.*[!0-9.]* | 127.*.*.*.*) ;;
    127.*.*.*) loopback=1 ;;
  esac
  case $insecure$loopback$url in
    http:*) fail 'plain http would show the token and every password on the way: use https, or add --insecure-http' ;;
  esac
  case $server_user in
    -* | *[!A-Za-z0-9_.-]*) fail "--server-user must be the name of an account: $server_user" ;;
  esac
  case $environment in
    '') fail '--environment is missing' ;;
    *[!a-z0-9-]* | ????????????????????????????????????????????????????????????????*)
      fail '--environment must be 1 to 63 characters of a-z, 0-9 and "-"'
      ;;
  esac
  [ -z "$host_config" ] || [ "$scope" = system ] || fail '--host-config is about the whole host: run it as root, with --system'
  [ -z "$token_file" ] || [ -r "$token_file" ] || fail "cannot read --token-file $token_file"
  [ -z "$ca_file" ] || [ -r "$ca_file" ] || fail "cannot read --ca-file $ca_file"
  # A run that does not name the authority again does not give up the one that is pinned.
  [ -n "$ca_file" ] || [ ! -s "$destination$settings/ca.pem" ] || ca_file=$destination$settings/ca.pem
  for tool in curl awk; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is needed and not installed"
  done
  # The option that the helper needs and that came last, in 7.54.
  [ -n "$remove" ] || curl -q --suppress-connect-headers --version >/dev/null 2>&1 || fail 'this curl is too old: Pullpass needs 7.54 or later'
}

# DESTDIR builds an image's files, as with make.
choose_paths() {
  if [ -z "$scope" ]; then
    scope=user
    { [ "$(id -u)" != 0 ] && [ -z "${DESTDIR:-}" ]; } || scope=system
  fi
  [ -n "${HOME:-}" ] || fail 'HOME is not set'
  [ -O "$HOME" ] || fail "HOME is $HOME, which is not the home of the user who runs this: with sudo, use sudo -H"
  destination=
  if [ "$scope" = system ]; then
    destination=${DESTDIR:-}
    folder=/usr/local/bin settings=/etc/pullpass
    drop_in=$destination/etc/containers/registries.conf.d/50-pullpass.conf
    # Where the user that runs this has a registries.conf of its own, nothing below /etc is read for it.
    [ -n "$destination" ] || [ ! -f "$HOME/.config/containers/registries.conf" ] ||
      drop_in=$HOME/.config/containers/registries.conf.d/50-pullpass.conf
  else
    [ -z "${DESTDIR:-}" ] || fail 'DESTDIR is for the files of a whole system: use --system, or unset it'
    folder=$HOME/.local/bin settings=${XDG_CONFIG_HOME:-$HOME/.config}/pullpass
    drop_in=$HOME/.config/containers/registries.conf.d/50-pullpass.conf
  fi
  helper=$destination$folder/docker-credential-pullpass
  configurator=$destination$folder/pullpass-host
  record=$destination$settings/installed
  docker_config=${DOCKER_CONFIG:-$HOME/.docker}/config.json
  containers_auth=${XDG_CONFIG_HOME:-$HOME/.config}/containers/auth.json
  # The home of the one who builds is not that of the image's root.
  [ -z "$destination" ] || docker_config=$destination/root/.docker/config.json containers_auth=$destination/root/.config/containers/auth.json
}

# $1 the folder, $2 the umask for what has to be made of it.
make_folder() {
  (umask "$2" && mkdir -p "$1") || fail "cannot make the folder $1"
}

# Standard input becomes file $1 with mode $2, at once or not at all.
replace_file() {
  rm -f "$1.pullpass-new"
  { cat >"$1.pullpass-new" && chmod "$2" "$1.pullpass-new" && mv -f "$1.pullpass-new" "$1"; } || fail "cannot write $1"
}

# On loopback the server is whoever opened the port first, and any user can open one. Prints the address of host $1
# (localhost, [::1] or 127.a.b.c) on which something listens at port $2. Status 1: nothing does. Status 2: its owner is not
# root, the caller or the account $3; prints the owner. Of several listeners the kernel takes that of the very address, then
# that of all of IPv4, then that of all. Without /proc this cannot be known. The shell reads the list itself, and no further
# than the listeners, which come first: all of it takes the kernel milliseconds.
find_listener() (
  [ -r /proc/net/tcp ] || { printf '%s\n' "$1" && exit; }
  if [ "$1" = localhost ]; then
    find_listener 127.0.0.1 "$2" "$3"
    found=$?
    [ "$found" = 1 ] || exit "$found"
    set -- '[::1]' "$2" "$3"
  fi
  # Bytes are in the order of the machine; IPv6 carries IPv4, too.
  zeros=00000000 ones=0000FFFF
  case $1 in
    \[*) exact="$zeros$zeros${zeros}01000000 $zeros$zeros${zeros}00000001" ;;
    *)
      exact=$(IFS=. && set -- $1 && printf '%02X%02X%02X%02X %02X%02X%02X%02X' "$4" "$3" "$2" "$1" "$1" "$2" "$3" "$4")
      exact="$exact $zeros${zeros}FFFF0000${exact% *} $zeros$zeros$ones${exact#* }"
      ;;
  esac
  case $2 in
    '' | 0* | *[!0-9]*) exit 1 ;;
  esac
  port=$(printf %04X "$2") owner=''
  # Other listeners come and go, and one may be passed over while they do: nothing is believed the third time only.
  for _attempt in 1 2 3; do
    of_ipv4='' of_all=''
    for file in /proc/net/tcp /proc/net/tcp6; do
      [ -r "$file" ] || continue
      while read -r _number local _remote state _queues _timer _retries user _rest; do
        case $state$local in
          0A*:"$port") ;;
          0A* | st*) continue ;;
          *) break ;;
        esac
        case " $exact " in
          *" ${local%:*} "*) owner=$user && break 2 ;;
        esac
        case ${local%:*} in
          "$zeros" | "$zeros${zeros}FFFF0000$zeros" | "$zeros$zeros$ones$zeros") [ "$1" = '[::1]' ] || of_ipv4=$user ;;
          "$zeros$zeros$zeros$zeros") of_all=$user ;;
        esac
      done <"$file"
    done
    owner=${owner:-${of_ipv4:-$of_all}}
    [ -z "$owner" ] || break
  done
  [ -n "$owner" ] || exit 1
  if [ "$owner" = 0 ] || [ "$owner" = "$3" ] || [ "$owner" = "$(id -u)" ] || [ "$owner" = "$(id -u -- "$3" 2>/dev/null)" ]; then
    printf '%s\n' "$1"
  else
    id -nu "$owner" 2>/dev/null || printf '%s\n' "$owner"
    exit 2
  fi
)

# Whether nobody but root and the caller can change file $1, an absolute path without links, or put another in its place. A
# sticky folder such as /tmp keeps others from that for what is ours, but only further up: the file's own is ours alone.
is_safe() {
  [ -f "$1" ] && [ ! -L "$1" ] || return 1
  path=$1 level=file
  while :; do
    read -r mode _links owner _rest <<LISTED
$(ls -ldn -- "$path")
LISTED
    [ "$owner" = 0 ] || [ -O "$path" ] || return 1
    case $level$mode in
      above?????????[tT]*) ;;
      "$level"?????w* | "$level"????????w*) return 1 ;;
    esac
    [ "$path" != / ] || return 0
    [ "$level" = file ] && level=folder || level=above
    path=${path%/*}
    path=${path:-/}
  done
}

# Prints the file $1 that is beside this script, where it is safe to use it.
find_beside() {
  case $0 in
    # Piped into sh there is no folder beside it, and the one where somebody happens to be is not to be trusted.
    install.sh | */install.sh) ;;
    *) return 1 ;;
  esac
  beside=$(cd -P -- "$(dirname -- "$0")" && pwd -P) || return 1
  beside=${beside%/}/$1
  [ -e "$beside" ] || [ -L "$beside" ] || return 1
  is_safe "$beside" || {
    printf 'others could have written %s, so it is downloaded instead\n' "$beside" >&2
    return 1
  }
  printf '%s\n' "$beside"
}

# Sets base to the URL to ask.
choose_base() {
  base=$url
  case $loopback$base in
    1http:*) ;;
    *) return 0 ;;
  esac
  port=${port#:}
  found=$(find_listener "$host" "${port:-80}" "$server_user")
  case $? in
    0) base=http://$found${base#"http://$host"} ;;
    1) fail "nothing listens at $url: is Pullpass running?" ;;
    *) fail "what listens at $url belongs to the user $found, so it is not asked: run Pullpass as root or as the user who pulls, or name the account that it runs as (--server-user $found), or use https" ;;
  esac
}

# Prints script $1 of Pullpass, and in a last line curl's status. It goes through head, as not every release of curl keeps
# its own limits.
download() {
  {
    ulimit -d "$LARGEST_CURL_KB" 2>/dev/null
    curl -q -fsS -g --proto '=http,https' --connect-timeout 10 --max-time 60 ${ca_file:+--cacert "$ca_file" --capath /} \
      ${loopback:+--noproxy '*'} "$base/install/$1"
    printf '\n%s' "$?"
  } | head -c "$LARGEST_SCRIPT"
}

# $1 the script's name, $2 what it is, $3 where it goes: from the folder of this script, else from Pullpass.
install_script() {
  step "install $3" || return 0
  make_folder "$destination$folder" 022
  if beside=$(find_beside "$1"); then
    replace_file "$3" 755 <"$beside"
    return 0
  fi
  choose_base
  script=$(download "$1")
  case $script in
    *"$NEWLINE"0) script=${script%"$NEWLINE"0} ;;
    *) fail "cannot download $url/install/$1" ;;
  esac
  # A login page or half a file must not become a command.
  case $script in
    '#!/bin/sh'*) printf '%s' "$script" | sh -n || fail "what $url sent is not a whole script" ;;
    *) fail "what $url sent is not $2: is it Pullpass?" ;;
  esac
  printf '%s' "$script" | replace_file "$3" 755 || exit 1
}

read_token() {
  token=
  if [ -n "$token_file" ]; then
    read -r token <"$token_file" || :
  elif [ ! -s "$destination$settings/token" ]; then
    (: </dev/tty) 2>/dev/null || fail 'the agent token is missing: give --token-file FILE'
    printf 'Agent token (not shown): ' >/dev/tty
    trap 'stty echo </dev/tty' EXIT
    trap 'exit 130' INT TERM
    stty -echo </dev/tty
    read -r token </dev/tty || :
    stty echo </dev/tty
    trap - EXIT INT TERM
    printf '\n' >/dev/tty
  else
    return 0
  fi
  case $token in
    '' | *[!A-Za-z0-9_.~+/=-]*) fail 'that is not an agent token: Pullpass shows it once, when the agent is created (pp_...)' ;;
  esac
}

write_settings() {
  mode=600 mask=077
  [ "$scope" = user ] || mode=644 mask=022
  if step "write $destination$settings/host.conf"; then
    make_folder "$destination$settings" "$mask"
    {
      printf 'PULLPASS_URL=%s\nPULLPASS_ENVIRONMENT=%s\n' "$url" "$environment"
      printf 'PULLPASS_TOKEN_FILE=%s\n' "$settings/token"
      [ -z "$ca_file" ] || printf 'PULLPASS_CA_FILE=%s\n' "$settings/ca.pem"
      [ -z "$server_user" ] || printf 'PULLPASS_SERVER_USER=%s\n' "$server_user"
      [ -z "$insecure" ] || printf 'PULLPASS_INSECURE_HTTP=1\n'
    } | replace_file "$destination$settings/host.conf" "$mode" || exit 1
  fi
  if [ -n "$ca_file" ] && step "copy $ca_file to $destination$settings/ca.pem"; then
    replace_file "$destination$settings/ca.pem" 644 <"$ca_file"
  fi
  if [ -n "$token_file" ] || [ ! -s "$destination$settings/token" ]; then
    # replace_file's umask keeps the token from others even while it is written.
    step "write the agent token to $destination$settings/token" || return 0
    printf '%s\n' "$token" | replace_file "$destination$settings/token" 600 || exit 1
  fi
}

# Writes down, once, that this run added $2 (a key, or `file`) to file $1.
remember() {
  line=$(printf '%s\t%s' "$2" "$1")
  grep -qxF -- "$line" "$record" 2>/dev/null || printf '%s\n' "$line" >>"$record" || fail "cannot write $record"
}

# edit_json add|remove KEY <FILE: the document with `"KEY": "pullpass"` added or removed. KEY is `credsStore`, or a host in
# `credHelpers`. Status 10: nothing to do; 11: somebody else's value stands there; 12: not a document that is understood.
# The rest of the document stays as it is, byte for byte: awk only finds the places.
edit_json() {
  awk -v action="$1" -v key="$2" '
    { text = text (NR > 1 ? "\n" : "") $0 }
    END {
      size = length(text); at = 1
      skip_space()
      if (at > size) { text = "{}"; size = 2; at = 1 }
      if (substr(text, at, 1) != "{") exit 12
      read_object("")
      skip_space()
      if (at <= size) exit 12
      path = (key == "credsStore") ? "" : "/credHelpers"
      known = ((path, key) in value)
      if (known && value[path, key] != "\"pullpass\"") exit (action == "add" ? 11 : 10)
      if (action == "add") { if (known) exit 10; add() } else { if (!known) exit 10; cut() }
      print text
    }
    function add() {
      if (path == "") insert("", "\"credsStore\": \"pullpass\"")
      else if (!(("", "credHelpers") in value)) insert("", "\"credHelpers\": {\"" key "\": \"pullpass\"}")
      else if (!(path in open_at)) exit 12
      else insert(path, "\"" key "\": \"pullpass\"")
    }
    function insert(object, member) {
      if (count[object] > 0) member = "\n" (object == "" ? "\t" : "\t\t") member ","
      text = substr(text, 1, open_at[object]) member substr(text, open_at[object] + 1)
    }
    function cut(   from, to) {
      if (path != "" && count[path] == 1) { path = ""; key = "credHelpers" }
      from = first[path, key]; to = last[path, key]
      if ((path, key) in comma) to = comma[path, key]
      else if (count[path] > 1) from--
      text = substr(text, 1, from - 1) substr(text, to + 1)
    }
    function skip_space() { while (at <= size && index(" \t\r\n", substr(text, at, 1)) > 0) at++ }
    function read_string(   from, c) {
      if (substr(text, at, 1) != "\"") exit 12
      from = ++at
      while (at <= size) {
        c = substr(text, at, 1)
        if (c == "\"") { at++; return substr(text, from, at - from - 1) }
        at += (c == "\\") ? 2 : 1
      }
      exit 12
    }
    function read_value(object,   c, from) {
      c = substr(text, at, 1)
      if (c == "\"") { read_string(); return }
      if (c == "{") { read_object(object); return }
      if (c == "[") { read_array(); return }
      from = at
      while (at <= size && substr(text, at, 1) ~ /[-+.0-9A-Za-z]/) at++
      if (substr(text, from, at - from) !~ /^(true|false|null|-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) exit 12
    }
    function read_array() {
      at++; skip_space()
      if (substr(text, at, 1) == "]") { at++; return }
      for (;;) {
        skip_space(); read_value("nested"); skip_space()
        if (substr(text, at, 1) == "]") { at++; return }
        if (substr(text, at, 1) != ",") exit 12
        at++
      }
    }
    # Notes the members of the document itself ("") and of "/credHelpers": value, first and last byte, comma after it.
    function read_object(object,   name, from, start, noted) {
      noted = (object == "" || object == "/credHelpers")
      if (noted) { open_at[object] = at; count[object] = 0 }
      from = ++at; skip_space()
      if (substr(text, at, 1) == "}") { at++; return }
      for (;;) {
        skip_space(); name = read_string(); skip_space()
        if (substr(text, at, 1) != ":") exit 12
        at++; skip_space(); start = at
        read_value(object == "" ? "/" name : "nested")
        if (noted) {
          # An escaped name could be any name, and of two equal ones readers take either: hands off.
          if (index(name, "\\") > 0 || (object, name) in value) exit 12
          value[object, name] = substr(text, start, at - start)
          first[object, name] = from; last[object, name] = at - 1; count[object]++
        }
        skip_space()
        if (substr(text, at, 1) == "}") { at++; return }
        if (substr(text, at, 1) != ",") exit 12
        if (noted) comma[object, name] = at
        from = ++at
      }
    }'
}

# $1 a client's JSON file, $2 the key to give to pullpass.
configure_json() {
  file=$1
  [ ! -L "$file" ] || file=$(readlink -f "$file") || fail "$1 is a link that leads nowhere"
  content='{}'
  if [ -s "$file" ]; then content=$(cat "$file") || fail "cannot read $file"; fi
  edited=$(printf '%s\n' "$content" | edit_json add "$2")
  status=$?
  want="\"credHelpers\": {\"$2\": \"pullpass\"}"
  [ "$2" != credsStore ] || want='"credsStore": "pullpass"'
  case $status in
    0) ;;
    10) printf '%s already asks Pullpass (%s)\n' "$file" "$2" && return 0 ;;
    11)
      complain "$file already names another helper for $2, and is left as it is. To use Pullpass write: $want${3:-}"
      return 0
      ;;
    *)
      complain "$file is not JSON that this script understands, and is left as it is. Write by hand: $want"
      return 0
      ;;
  esac
  case $2$content in
    credsStore*'"auth"'*) complain "docker will no longer use the logins kept in $file: --registry would leave them alone" ;;
  esac
  step "add $want to $file" || return 0
  make_folder "$(dirname "$file")" 077
  if [ ! -e "$file" ]; then
    remember "$file" created
    printf '%s\n' "$edited" | replace_file "$file" 600 || exit 1
  else
    [ -e "$file.pullpass-backup" ] || cp -p "$file" "$file.pullpass-backup" || fail "cannot write $file.pullpass-backup"
    rewrite_json "$file" "$edited"
  fi
  remember "$file" "$2"
}

# Keeps owner and mode: the copy has them before it has the text.
rewrite_json() {
  { cp -p "$1" "$1.pullpass-new" && printf '%s\n' "$2" >"$1.pullpass-new" && mv -f "$1.pullpass-new" "$1"; } ||
    fail "cannot write $1"
}

configure_clients() {
  if [ -z "$registries" ]; then
    configure_json "$docker_config" credsStore '; or name the registries with --registry'
    step "write $drop_in (podman, skopeo, buildah)" || return 0
    make_folder "$(dirname "$drop_in")" 022
    printf '%s\n' '# Written by the Pullpass installer. Logins kept by podman and skopeo come first.' \
      'credential-helpers = ["containers-auth.json", "pullpass"]' | replace_file "$drop_in" 644 || exit 1
    remember "$drop_in" file
    return 0
  fi
  for registry in $registries; do
    docker_key=$registry
    # Docker looks Docker Hub up by its old address.
    [ "$registry" != docker.io ] || docker_key=https://index.docker.io/v1/
    configure_json "$docker_config" "$docker_key"
    configure_json "$containers_auth" "$registry"
  done
}

# What it does itself is in a record of its own, by which its --remove goes.
configure_host() {
  [ -n "$host_config" ] || return 0
  install_script pullpass-host 'pullpass-host' "$configurator"
  [ -z "$destination" ] || return 0
  step "run $configurator" || return 0
  run_configurator || complain "$configurator could not do everything: it says above what and why; run it again afterwards"
  [ -d /run/systemd/system ] || return 0
  run_configurator --install-timer || complain 'the timer could not be installed: pullpass-host --install-timer'
}

# Its settings are those that were just written, whatever stands in the caller's environment.
run_configurator() (
  unset PULLPASS_URL PULLPASS_ENVIRONMENT PULLPASS_TOKEN PULLPASS_TOKEN_FILE PULLPASS_CA_FILE PULLPASS_CONFIG
  unset PULLPASS_INSECURE_HTTP PULLPASS_SERVER_USER
  "$configurator" "$@"
)

# Before its script and settings go. What it could not take away keeps its script, so that it can be run again.
unconfigure_host() {
  [ "$scope" = system ] && [ -e "$configurator" ] || return 0
  step "run $configurator --remove" || return 0
  "$configurator" ${destination:+--root "$destination"} --remove && rm -f "$configurator" ||
    complain "$configurator is left: do what it says above, then run $configurator --remove, and delete it"
}

# Shows that it works, without showing a secret.
try_it() {
  [ -z "$dry" ] || return 0
  "$helper" version || fail "$helper does not run"
  [ -z "$destination" ] || return 0
  [ -n "$registries" ] || try_token
  for registry in $registries; do
    said=$(ask_helper "$registry")
    case $? in
      0) printf 'Pullpass gives a credential for %s\n' "$registry" ;;
      *) complain "Pullpass gives no credential for $registry: $said" ;;
    esac
  done
}

# What stands in the caller's environment would be tried instead of what was just written.
ask_helper() {
  unset PULLPASS_URL PULLPASS_ENVIRONMENT PULLPASS_TOKEN PULLPASS_TOKEN_FILE PULLPASS_CA_FILE PULLPASS_SERVER_USER
  printf '%s' "$1" | PULLPASS_CONFIG=$settings/host.conf "$helper" get 2>/dev/null
}

# Asks for a registry that nobody has: whatever is said of that registry is an answer to this token, for this environment.
try_token() {
  said=$(ask_helper install-check.invalid) && said='(denied)'
  case $said in
    'credentials not found in native keychain' | *'(denied)') printf 'Pullpass knows this token for %s\n' "$environment" ;;
    *) complain "the first question to Pullpass failed: $said" ;;
  esac
}

say_what_next() {
  [ -z "$dry" ] || return 0
  printf '\nNext: pull a private image, for instance: podman pull %s/team/app:1\n' "${registry:-registry.example.com}"
  [ "$scope" = user ] ||
    printf 'This serves root. Another user of this host who pulls runs the same command with --user.\n'
  printf "To take it all away: curl -fsS %s%s/install/install.sh | sh -s -- --remove --%s\n" "${loopback:+--noproxy '*' }" "$url" "$scope"
  case :$PATH: in
    *:"$folder":*) ;;
    *)
      printf '\nClients find the helper by PATH, which lacks %s. Before you pull, and for good in your profile:\n' "$folder"
      printf '  export PATH="%s:$PATH"\n' "$folder"
      ;;
  esac
}

# $1 the key, $2 the file, as remember wrote them.
forget() {
  case $1 in
    file)
      if [ -e "$2" ] && step "delete $2"; then rm -f "$2"; fi
      return 0
      ;;
    created) return 0 ;;
  esac
  [ -e "$2" ] || return 0
  edited=$(edit_json remove "$1" <"$2")
  case $? in
    0) ;;
    10) return 0 ;;
    *) printf 'install.sh: %s is no longer JSON that is understood: take %s: "pullpass" out by hand\n' "$2" "$1" >&2 && return 0 ;;
  esac
  step "take $1 out of $2" || return 0
  rewrite_json "$2" "$edited"
  # Nothing but what was added is gone: the original comes back to the byte.
  if [ -e "$2.pullpass-backup" ] && [ "$(cat "$2.pullpass-backup")" = "$edited" ]; then cp -p "$2.pullpass-backup" "$2"; fi
}

# Backups may hold logins that were since given up, so they go too; and files that this script made, once they are empty.
clean_up_after() {
  [ -z "$dry" ] || return 0
  rm -f "$2.pullpass-backup"
  if [ "$1" = created ] && [ -e "$2" ] && [ "$(tr -d ' \t\r\n' <"$2")" = '{}' ]; then rm -f "$2"; fi
}

remove_all() {
  [ -e "$record" ] || [ -e "$helper" ] || fail "nothing was installed here ($record is not there)"
  unconfigure_host
  tab=$(printf '\t')
  for pass in forget clean_up_after; do
    while IFS=$tab read -r what where; do
      "$pass" "$what" "$where"
    done <<RECORD
$(cat "$record" 2>/dev/null)
RECORD
  done
  for file in "$helper" "$destination$settings/host.conf" "$destination$settings/token" "$destination$settings/ca.pem" "$record"; do
    if [ -e "$file" ] && step "delete $file"; then rm -f "$file"; fi
  done
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/pullpass
  if [ -z "$destination" ] && [ -d "$cache" ] && [ -O "$cache" ] && step "delete $cache"; then rm -rf "$cache"; fi
  [ -n "$dry" ] || rmdir "$destination$settings" 2>/dev/null || :
}

# All of it is read before any of it runs: half a download does nothing.
main() {
  read_arguments "$@"
  choose_paths
  if [ -n "$remove" ]; then
    remove_all
    return "$unhappy"
  fi
  check_arguments
  [ -n "$dry" ] || read_token
  install_script docker-credential-pullpass 'the helper' "$helper"
  write_settings
  configure_clients
  configure_host
  try_it
  say_what_next
  return "$unhappy"
}

main "$@"
