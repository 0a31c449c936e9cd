/** PowerShell and cmd lines: recognised, split, and unwrapped where that is certain; what is not parsed is reported as such. */
import { describe, expect, it } from '@jest/globals';
import { recognise } from '../dialect.ts';
import { parseCommandLine } from '../parse.ts';
import { readable } from '../test-support/readable.ts';

/** What a program would hand to `-EncodedCommand`. */
const encode = (script: string): string => Buffer.from(script, 'utf16le').toString('base64');

describe('which shell a line is for', () => {
  it.each([
    ['powershell -NoProfile -Command "x"', 'powershell'],
    ["C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe -c 'x'", 'powershell'],
    ['pwsh -c Get-Date', 'powershell'],
    ['Get-ChildItem -Recurse', 'powershell'],
    ['ls | Where-Object { $_ }', 'powershell'],
    ['$x = Get-Process; $x', 'powershell'],
    ['$env:PATH = "x"', 'powershell'],
    ['iex (iwr http://x)', 'powershell'],
    ['[System.Net.Dns]::GetHostName()', 'powershell'],
    ['.\\run.ps1 -x', 'powershell'],
    ['& "C:\\Program Files\\x.exe" a', 'powershell'],
    ['cmd /c dir', 'cmd'],
    ['cmd.exe /s /c "dir"', 'cmd'],
    ['%COMSPEC% /c dir', 'cmd'],
    ['type %USERPROFILE%\\x.txt', 'cmd'],
    ['C:\\Windows\\System32\\whoami.exe /all', 'cmd'],
    ['del /q C:\\x', 'cmd'],
    ['ls -la', 'posix'],
    ['date +%Y%m%d', 'posix'],
    ['echo "Get-ChildItem"', 'posix'],
    ["cat > x.ps1 <<'E'\nGet-ChildItem\nE", 'posix'],
    ['apt-get install x; git-lfs pull; test-runner', 'posix'],
    ['echo a\\ b', 'posix'],
    ["grep '%PATH' f", 'posix'],
    ['$CMD a', 'posix'],
    ["bash -lc 'pwsh -c Get-Date'", 'posix'],
    ['type foo', 'posix'],
    ['set -e; copy a b', 'posix'],
  ])('%s: %s', (line, dialect) => {
    expect(recognise(line).dialect).toBe(dialect);
    expect(parseCommandLine(line).shell).toBe(dialect);
  });
});

describe('lines that are split completely', () => {
  it.each([
    [
      'Get-ChildItem -Path "C:\\a b" | Select-Object -First 5',
      ['Get-ChildItem -Path [C:\\a b] | Select-Object -First 5'],
    ],
    ["Remove-Item 'it''s' -Force; Get-Date", ["Remove-Item it's -Force", 'Get-Date']],
    ['Write-Host "a `"b`" $x" > out.txt 2>&1', ['Write-Host [a "b" $x] 1>out.txt 2>&1']],
    ['I`nvoke-WebRequest -Uri http://x -OutFile y | iex', ['Invoke-WebRequest -Uri http://x -OutFile y | iex']],
    ['$x = Get-Process', ['x=[] Get-Process']],
    ['$env:FOO = "bar"', ['env:FOO=bar']],
    ['& "C:\\Program Files\\x.exe" a', ['x a']],
    [
      'powershell -NoP -ExecutionPolicy Bypass -Command "Get-Date | Out-Null"',
      ['powershell -Command: Get-Date | powershell -Command: Out-Null'],
    ],
    ["powershell.exe -Command 'Get-ChildItem -Force'", ['powershell -Command: Get-ChildItem -Force']],
    [`powershell -w hidden -enc ${encode('Invoke-Expression x')}`, ['powershell -EncodedCommand: Invoke-Expression x']],
    [`pwsh -e ${encode('a; b')}`, ['pwsh -EncodedCommand: a', 'pwsh -EncodedCommand: b']],
    ['powershell -File x.ps1 a', ['powershell -File x.ps1 a']],
    ['powershell -enc !!!', ['powershell -enc !!!']],
    ['cmd /c "dir C:\\x & del /q %TEMP%\\y"', ['cmd /c: dir C:\\x', 'cmd /c: del /q %TEMP%\\y']],
    ['cmd.exe /s /c whoami /all', ['cmd /c: whoami /all']],
    ['cmd /c p^ower^shell -c "Get-Date"', ['cmd /c>powershell -Command: Get-Date']],
    [
      'type "%USERPROFILE%\\a b.txt" | findstr x > o.txt && echo done',
      ['type [%USERPROFILE%\\a b.txt] | findstr x 1>o.txt', 'echo done'],
    ],
    ['C:\\Windows\\System32\\whoami.exe /all', ['whoami /all']],
    ['@echo off', ['echo off']],
    ['cmd /c wsl -d Ubuntu -e bash -lc "curl -s u"', ['cmd /c>wsl>bash -c: curl -s u']],
  ])('%s', (line, runs) => {
    const parsed = parseCommandLine(line);
    expect({ runs: readable(parsed), problems: parsed.problems }).toEqual({ runs, problems: [] });
  });
});

describe('lines that are not', () => {
  it.each([
    [
      'Get-ChildItem | ForEach-Object { Remove-Item $_ -Force }',
      ['Get-ChildItem | ForEach-Object [{ Remove-Item $_ -Force }]', 'Remove-Item $_ -Force'],
    ],
    [
      'iex (New-Object Net.WebClient).DownloadString("http://x/a.ps1")',
      ['iex [(New-Object Net.WebClient).DownloadString("http://x/a.ps1")]', 'New-Object Net.WebClient'],
    ],
    ['$x = 1 + 2', ['x=1 + 2']],
    ['Get-Date; if ($x) { Stop-Process 1 }', ['Get-Date', 'if ($x) [{ Stop-Process 1 }]', 'Stop-Process 1']],
    ['Write-Host "x', ['Write-Host x']],
    ['for %i in (a b) do del C:\\%i & dir C:\\', undefined],
    ['if exist C:\\x del C:\\x', ['if exist C:\\x del C:\\x']],
  ])('%s is partial', (line, runs) => {
    const parsed = parseCommandLine(line);
    expect(parsed.parse).toBe('partial');
    expect(parsed.problems.length).toBeGreaterThan(0);
    if (runs !== undefined) expect(readable(parsed)).toEqual(runs);
  });

  it('opens PowerShell inside a POSIX line, and says what it could not read there', () => {
    const parsed = parseCommandLine(
      "pwsh -NoProfile -c 'Get-Process | Stop-Process' && bash -c \"pwsh -c 'if (1) { a }'\"",
    );
    expect(parsed.parse).toBe('partial');
    const inner = parseCommandLine("sudo pwsh -c 'Get-Process | Stop-Process'");
    expect(inner.shell).toBe('posix');
    expect(readable(inner)).toEqual(['sudo>pwsh -Command: Get-Process | sudo>pwsh -Command: Stop-Process']);
  });
});
