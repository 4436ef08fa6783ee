@echo off
rem Runs lora-compare as built by: dotnet build
set "PROGRAM=%~dp0..\artifacts\bin\LoraOnnx.Evaluation\release\lora-compare.exe"
if exist "%PROGRAM%" goto run
echo error: lora-compare is not built yet.>&2
echo hint:  run 'dotnet build' in %~dp0.. first.>&2
exit /b 1
:run
"%PROGRAM%" %*
exit /b %ERRORLEVEL%
