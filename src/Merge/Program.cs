using LoraOnnx.CommandLine;
using LoraOnnx.Merge;

return await CommandLineProgram.RunAsync(MergeCommand.Create(), args);
