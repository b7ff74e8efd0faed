# Greets in the first interactive shell of an environment, once.
case $- in *i*) ;; *) return 0 ;; esac
[ -e ~/.somnus-greeted ] && return 0
: 2>/dev/null >~/.somnus-greeted || return 0
cat <<'TEXT'
Welcome to a virtual machine of Somnus: its files and running programs stay until you remove it.
You are root: install what you need with apt, pip or npm. vim, tmux, jq, git, python3 and node are here.
On the host, `somnus snapshot create NAME` saves everything, `somnus cp FILE NAME:` copies files in, `somnus --help` lists the rest.
TEXT
