using LoraOnnx.CommandLine;
using LoraOnnx.Scoring;

return await CommandLineProgram.RunAsync(ScoreCommand.Create(), args);
