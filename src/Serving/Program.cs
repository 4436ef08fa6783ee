using LoraOnnx.CommandLine;
using LoraOnnx.Serving;

var (root, predict, health) = (ServeCommand.Create(), PredictCommand.Create(), HealthCommand.Create());
root.Subcommands.Add(predict);
root.Subcommands.Add(health);
CommandHelp.Arrange(root, ServeCommand.Help, (predict, PredictCommand.Help), (health, HealthCommand.Help));
return await CommandLineProgram.RunAsync(root, args);
