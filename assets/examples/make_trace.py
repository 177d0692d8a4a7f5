"""Attention of any model of the transformers library, as a trace for headlight.

    python3 make_trace.py bert-base-uncased "The cat sat on the mat." cat.safetensors
    headlight --trace cat.safetensors
"""
import json
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

name, text, path = sys.argv[1:4]
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModel.from_pretrained(name, attn_implementation="eager")
inputs = tokenizer(text, return_tensors="pt")
attention = torch.stack(model(**inputs, output_attentions=True).attentions)[:, 0].contiguous()
tokens = tokenizer.convert_ids_to_tokens(inputs.input_ids[0])
save_file({"attention": attention}, path, {"tokens": json.dumps(tokens), "text": text, "model": name})
