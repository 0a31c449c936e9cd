/** Commands run by wrappers, by scripts and from literal text, against words that are only arguments. */
import { describe, expect, it } from '@jest/globals';
import { parseCommandLine } from '../parse.ts';
import { readable } from '../test-support/readable.ts';

function table(name: string, rows: readonly (readonly [line: string, runs: readonly string[]])[]): void {
  describe(name, () => {
    it.each(rows)('%s', (line, runs) => {
      const parsed = parseCommandLine(line);
      expect({ runs: readable(parsed), problems: parsed.problems }).toEqual({ runs, problems: [] });
    });
  });
}

table('wrappers', [
  ['sudo -E -u root --prompt x /usr/bin/curl -s u', ['sudo: curl -s u']],
  ['sudo FOO=1 BAR=2 cmd', ['sudo: FOO=1 BAR=2 cmd']],
  ['sudo -l; sudo -v; sudo', ['sudo -l', 'sudo -v', 'sudo']],
  [
    'doas -u root rm x; pkexec id; gosu root id; su-exec root id',
    ['doas: rm x', 'pkexec: id', 'gosu: id', 'su-exec: id'],
  ],
  ['env -i -u A B=1 "C=2 3" cmd D=4; env; env - x', ['env: B=1 C=[2 3] cmd D=4', 'env', 'env: x']],
  ["env -S 'curl -s u' v", ['env: curl -s u v']],
  ['nohup a &', ['nohup: a &']],
  ['nice -n 5 a; nice -10 b; ionice -c2 -n 7 c; chrt -f 10 d', ['nice: a', 'nice: b', 'ionice: c', 'chrt: d']],
  ['stdbuf -oL a; stdbuf -o L b; setsid -f c', ['stdbuf: a', 'stdbuf: b', 'setsid: c']],
  ['timeout -k 5 --signal=KILL 10s a; gtimeout 5 b', ['timeout: a', 'gtimeout: b']],
  ['/usr/bin/time -f %e a; time b', ['time: a', 'time: b']],
  [
    'command a; command -v b; builtin cd x; exec -a n c; exec > f',
    ['command: a', 'command -v b', 'builtin: cd x', 'exec: c', 'exec 1>f'],
  ],
  ['find . | xargs -0 -I {} -n 1 rm -rf {}', ['find . | xargs: rm -rf {}']],
  ['ls | xargs', ['ls | xargs']],
  ['strace -f -e trace=network -o log curl u', ['strace: curl u']],
  ['unshare -rn a; chroot --userspec=1:1 /mnt b; nsenter -t 1 -m -u c', ['unshare: a', 'chroot: b', 'nsenter: c']],
  ['flock -w 5 /lock a b; flock /lock -c "a; b"; flock 9', ['flock: a b', 'flock: a', 'flock: b', 'flock 9']],
  ['busybox wget u; toybox nc -l; busybox --list', ['busybox: wget u', 'toybox: nc -l', 'busybox --list']],
  [
    'sshpass -p x proxychains4 -q curl u; systemd-run --on-calendar "*:0/1" a',
    ['sshpass>proxychains4: curl u', 'systemd-run: a'],
  ],
  ['sudo -u a env B=1 timeout 5 nice xargs -n1 rm', ['sudo>env>timeout>nice>xargs: B=1 rm']],
  ['watch -n 5 "a | b"; watch -x c d', ['watch: a | watch: b', 'watch: c d']],
  [
    'parallel -j4 "curl {} | sh" ::: a b; parallel ::: "x 1" y',
    ['parallel: curl {} | parallel: sh', 'parallel ::: [x 1] y', 'parallel: x 1', 'parallel: y'],
  ],
]);

table('scripts in arguments', [
  ["bash -c 'a; b | c'", ['bash -c: a', 'bash -c: b | bash -c: c']],
  [
    "bash -lc 'a'; sh -e -u -c a; zsh -ic a; bash -o pipefail -c a; bash --norc -c 'a' name x",
    ['bash -c: a', 'sh -c: a', 'zsh -c: a', 'bash -c: a', 'bash -c: a'],
  ],
  ['bash script.sh -c x; bash -x f; sh', ['bash script.sh -c x', 'bash -x f', 'sh']],
  [`bash -c "bash -c 'sh -c \\"a b\\"'"`, ['bash -c>bash -c>sh -c: a b']],
  ["sudo bash -c 'curl u | sh'", ['sudo>bash -c: curl u | sudo>bash -c: sh']],
  ["X=1 bash -c 'a; b' > f", ['bash -c: X=1 a 1>f', 'bash -c: X=1 b 1>f']],
  ['bash -c "a $HOME/$x \\$y"', ['bash -c: a $HOME/$x $y']],
  [`bash -c "echo '$(a 'b c')' d"`, [`bash -c [echo '$(a 'b c')' d]`, 'a [b c]', "bash -c: echo [$(a 'b c')] d"]],
  ["bash -c ''; bash -c '# x'; bash -c", ['bash -c []', 'bash -c [# x]', 'bash -c']],
  ['bash -c "$SCRIPT"', ['bash -c $SCRIPT']],
  ['s=\'curl u | sh\'; eval "$s"', ['s=[curl u | sh]', 'eval: curl u | eval: sh']],
  ["eval 'a; b'; eval curl -s u; eval", ['eval: a', 'eval: b', 'eval: curl -s u', 'eval']],
  [
    'eval "$(echo Y3VybCB1fHNo | base64 -d)"',
    ['eval [$(echo Y3VybCB1fHNo | base64 -d)]', 'echo Y3VybCB1fHNo | base64 -d', 'eval: curl u | eval: sh'],
  ],
  ["su -c 'a' bob; su - bob -c 'a'; runuser -u bob -- a b; su bob", ['su -c: a', 'su -c: a', 'runuser: a b', 'su bob']],
  ["script -qc 'a | b' /dev/null; script -q f a b", ['script -c: a | script -c: b', 'script: a b']],
  [
    "trap 'rm -rf /x' EXIT; trap - EXIT; trap -p",
    ['trap [rm -rf /x] EXIT', 'trap: rm -rf /x', 'trap - EXIT', 'trap -p'],
  ],
]);

table('programs that run others and stay visible', [
  [
    "ssh -p 22 -i key u@h 'cd /x && curl u | sh'",
    ['ssh -p 22 -i key u@h [cd /x && curl u | sh]', 'ssh u@h: cd /x', 'ssh u@h: curl u | ssh u@h: sh'],
  ],
  ['ssh h', ['ssh h']],
  ['ssh -T h uname -a', ['ssh -T h uname -a', 'ssh h: uname -a']],
  [
    'find . -exec rm -rf {} \\; -execdir a {} + -o -ok b \\;',
    [
      'find . -exec rm -rf {} ; -execdir a {} + -o -ok b ;',
      'find -exec: rm -rf {}',
      'find -execdir: a {}',
      'find -ok: b',
    ],
  ],
  ['find . -exec sh -c \'a "$1"\' _ {} \\;', ['find . -exec sh -c [a "$1"] _ {} ;', 'find -exec>sh -c: a $1']],
  ['fd -e py -x rm', ['fd -e py -x rm', 'fd -x: rm']],
  [
    'docker exec -it -u root web bash -c "a; b"',
    ['docker exec -it -u root web bash -c [a; b]', 'docker exec web>bash -c: a', 'docker exec web>bash -c: b'],
  ],
  [
    'docker run --rm --privileged -v /:/h --name=n alpine chroot /h sh -c id',
    ['docker run --rm --privileged -v /:/h --name=n alpine chroot /h sh -c id', 'docker run alpine>chroot>sh -c: id'],
  ],
  [
    'podman run --entrypoint sh img -c id; docker compose exec -T db psql; docker ps',
    [
      'podman run --entrypoint sh img -c id',
      'podman run img>sh -c: id',
      'docker compose exec -T db psql',
      'docker exec db: psql',
      'docker ps',
    ],
  ],
  [
    'kubectl -n x exec -it pod -c main -- sh -c id; kubectl get pods',
    ['kubectl -n x exec -it pod -c main -- sh -c id', 'kubectl exec pod>sh -c: id', 'kubectl get pods'],
  ],
  [
    'tmux send-keys -t s "curl u | sh" Enter; tmux new-session -d -s n "a b"; tmux ls',
    [
      'tmux send-keys -t s [curl u | sh] Enter',
      'tmux: curl u | tmux: sh',
      'tmux new-session -d -s n [a b]',
      'tmux: a b',
      'tmux ls',
    ],
  ],
  [
    "screen -S s -X stuff 'a b\\n'; screen -dm a b",
    ['screen -S s -X stuff [a b\\n]', 'screen: a b', 'screen -dm a b', 'screen: a b'],
  ],
]);

table('text fed to a shell', [
  ['bash <<EOF\ncurl $u | sh\nEOF', ['bash', 'bash: curl $u | bash: sh']],
  ["sudo bash -s <<'EOF'\nid\nEOF", ['sudo: bash -s', 'sudo>bash: id']],
  ['ssh h bash <<E\nid\nE', ['ssh h bash', 'ssh h: bash', 'ssh h>bash: id']],
  ['(sh) <<E\nid\nE', ['sh', 'sh: id']],
  ['bash <<< "a; b"', ['bash 0<<<[a; b]', 'bash: a', 'bash: b']],
  ['echo "a b; c" | sh', ['echo [a b; c] | sh', 'sh: a b', 'sh: c']],
  ["printf 'a %s\\n' x y | bash -", ['printf [a %s\\n] x y | bash -', 'bash: a x', 'bash: a y']],
  ["echo -e 'a\\nb' | sh", ['echo -e a\\nb | sh', 'sh: a', 'sh: b']],
  [
    'echo Y3VybCB1IHwgc2g= | base64 -d | sudo sh',
    ['echo Y3VybCB1IHwgc2g= | base64 -d | sudo: sh', 'sudo>sh: curl u | sudo>sh: sh'],
  ],
  ['base64 --decode <<< Y3VybCB1 | sh', ['base64 --decode 0<<<Y3VybCB1 | sh', 'sh: curl u']],
  ['echo 6375726c2075 | xxd -r -p | bash', ['echo 6375726c2075 | xxd -r -p | bash', 'bash: curl u']],
  [
    "echo 'u lruc' | rev | sh; echo phey | tr a-z n-za-m | sh",
    ['echo [u lruc] | rev | sh', 'sh: curl u', 'echo phey | tr a-z n-za-m | sh', 'sh: curl'],
  ],
  ['cat <<E | sh\na\nE', ['cat | sh', 'sh: a']],
  ['{ echo a; echo b; } | sh', ['echo a', 'echo b | sh', 'sh: a', 'sh: b']],
  ['echo id | at now', ['echo id | at now', 'at: id']],
  ['echo "$x" | sh', ['echo $x | sh']],
  ['echo id | sh f.sh; echo id > f | sh', ['echo id | sh f.sh', 'echo id 1>f | sh']],
]);

table('text that is only an argument', [
  ['git commit -m "curl x | sh; rm -rf /"', ['git commit -m [curl x | sh; rm -rf /]']],
  ['echo "curl x | sh" >> notes.md', ['echo [curl x | sh] 1>>notes.md']],
  ["grep -rn 'rm -rf' . | head", ['grep -rn [rm -rf] . | head']],
  ['cat > x.sh <<EOF\ncurl u | sh\nEOF', ['cat 1>x.sh']],
  ['tee x.sh <<EOF\ncurl u | sh\nEOF', ['tee x.sh']],
  ["python3 - <<'EOF'\nimport os\nos.system('id')\nEOF", ['python3 -']],
  ['echo "a" | base64 -d | cat', ['echo a | base64 -d | cat']],
  ['alias ll="rm -rf /"', ['alias [ll=rm -rf /]']],
]);
