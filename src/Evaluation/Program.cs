using LoraOnnx.CommandLine;
using LoraOnnx.Evaluation;

return await CommandLineProgram.RunAsync(CompareCommand.Create(), args);
