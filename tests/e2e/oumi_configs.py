"""Loads each config of a folder with Oumi's own classes and holds it to what the project promises. Runs in Oumi's environment."""
import json
import sys
from pathlib import Path

from oumi.core.configs import EvaluationConfig, TrainingConfig

checked = []
for path in sorted(Path(sys.argv[1]).glob("*.yaml")):
    if "tasks:" in path.read_text():
        config = EvaluationConfig.from_yaml(str(path))
        assert config.tasks[0].task_name == "healer_sre", path
        assert config.generation.batch_size == 1, f"{path}: NATIVE answers wrongly in larger batches"
    else:
        config = TrainingConfig.from_yaml(str(path))
        assert config.training.use_peft and (config.peft.lora_r, config.peft.lora_alpha) == (16, 32), path
        assert config.data.train.datasets[0].dataset_path == "data/sre_train.jsonl", path
        assert config.data.validation.datasets[0].dataset_path == "data/sre_eval.jsonl", path
        if "8b" in path.name:
            assert (config.training.num_train_epochs, config.training.learning_rate) == (3, 2e-4), path
            assert config.model.model_name == "meta-llama/Llama-3.1-8B-Instruct", path
            assert (config.peft.q_lora, config.peft.q_lora_bits) == ("qlora" in path.name, 4), path
    config.finalize_and_validate()
    checked.append(path.name)
try:
    TrainingConfig.from_str("training: {no_such_key: 1}")
except Exception:
    pass
else:
    raise SystemExit("Oumi takes unknown keys, so loading a config proves nothing")
print(json.dumps(checked))
