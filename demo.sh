#!/bin/sh
# The demo for those who type this: demo.cs does the whole job, on every system.
exec dotnet run "$(dirname "$(readlink -f "$0")")/demo.cs"
