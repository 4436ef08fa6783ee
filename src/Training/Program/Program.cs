using LoraOnnx.CommandLine;
using LoraOnnx.Training;

return await CommandLineProgram.RunAsync(TrainCommand.Create(), args);
