"""The service for scripts, driven over its port by a public client of ComfyUI's interface, and by plain requests."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from comfy_api_simplified import ComfyApiWrapper, ComfyWorkflowWrapper
from PIL import Image
from websockets.sync.client import connect

from nodeflow.engine.client.client import LocalEngine
from nodeflow.graph.model.catalogue import decode
from nodeflow.resources import folder
from nodeflow.service.folders import ServedFolders
from nodeflow.service.service import CannotServeError, ScriptService
from tests.nodes.original_layout import write_original

TOKEN = "a-token"
Prompt = dict[str, Any]


class Served(NamedTuple):
    """A service that runs, and its folders."""

    service: ScriptService
    engine: LocalEngine
    folders: ServedFolders

    @property
    def address(self) -> str:
        return self.service.address

    @property
    def client(self) -> ComfyApiWrapper:
        return ComfyApiWrapper(self.address, user="anybody", password=TOKEN)

    def ask(self, path: str, token: str = TOKEN, **about: Any) -> requests.Response:
        """A request with the token."""
        headers = {"Authorization": f"Bearer {token}", **about.pop("headers", {})}
        return requests.request(about.pop("method", "GET"), self.address + path, headers=headers, timeout=60, **about)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.ask(path, method="POST", data=json.dumps(body))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with a library that holds one small model in the layout of Stable Diffusion's first files."""
    place = tmp_path_factory.mktemp("served")
    (place / "models").mkdir()
    write_original(place / "models" / "small.safetensors", second=False)
    folders = ServedFolders(place / "input", place / "output")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NODEFLOW_MODELS", str(place / "models"))
        patch.setenv("NODEFLOW_DATA", str(place / "data"))
        engine = LocalEngine(lambda reply: service.hear(reply))
        catalogue = decode((folder("assets") / "catalogue.json").read_bytes())
        service = ScriptService(engine, folders, catalogue, TOKEN, port=0, device="cpu")
        yield Served(service, engine, folders)
        service.close()
        engine.close()


def text_to_image(**changes: Any) -> Prompt:
    """A prompt as ComfyUI's window saves it for its API."""
    settings = {"seed": 3, "steps": 3, "cfg": 2.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    wired = {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "3": ("KSampler", {**settings, **wired, **changes}),
        "4": ("CheckpointLoaderSimple", {"ckpt_name": "small.safetensors"}),
        "5": ("EmptyLatentImage", {"width": 64, "height": 64, "batch_size": 1}),
        "6": ("CLIPTextEncode", {"text": "a fox", "clip": ["4", 1]}),
        "7": ("CLIPTextEncode", {"text": "", "clip": ["4", 1]}),
        "8": ("VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
        "9": ("SaveImage", {"filename_prefix": "scripts/fox", "images": ["8", 0]}),
    }
    titles = {"9": "Save Image", "3": "Sampler"}
    return {
        id: {"class_type": kind, "inputs": inputs, "_meta": {"title": titles.get(id, kind)}}
        for id, (kind, inputs) in nodes.items()
    }


def plain(**save: Any) -> Prompt:
    """The smallest prompt there is: an image of one colour, saved."""
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 255}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "plain", **save}},
    }


def followed(served: Served, prompt: Prompt, **about: Any) -> tuple[str, list[Any]]:
    """Queue a prompt, and collect what its client hears up to the end."""
    with connect(f"ws{served.address[4:]}/ws?clientId=reader&token={TOKEN}") as socket:
        hello = json.loads(socket.recv())
        assert hello["type"] == "status" and hello["data"]["sid"] == "reader"
        answer = served.post("/prompt", {"prompt": prompt, "client_id": "reader", **about})
        assert answer.status_code == 200, answer.text
        id, heard = answer.json()["prompt_id"], []
        for said in socket:
            heard.append(said if isinstance(said, bytes) else json.loads(said))
            if isinstance(said, str) and heard[-1]["type"] == "executing" and heard[-1]["data"]["node"] is None:
                return id, heard
    raise AssertionError("the service let its client go")


def test_a_public_client_queues_follows_and_fetches(served: Served) -> None:
    """comfy-api-simplified, unchanged: its own way to queue, wait on the socket, read the history, fetch the image."""
    workflow = ComfyWorkflowWrapper(text_to_image())
    workflow.set_node_param("Sampler", "seed", 11)
    images = served.client.queue_and_wait_images(workflow, "Save Image")
    [(name, data)] = images.items()
    (saved,) = (served.folders.output / "scripts").iterdir()
    assert saved.name == name and saved.read_bytes() == data
    assert Image.open(saved).size == (64, 64)
    assert served.client.get_queue() == {"queue_running": [], "queue_pending": []}
    stats = served.client.get_system_stats()
    assert stats["devices"][0]["vram_total"] > 0 and stats["system"]["pytorch_version"]


def test_progress_is_told_step_by_step(served: Served) -> None:
    id, heard = followed(served, text_to_image(seed=21, steps=4))
    told = [one for one in heard if not isinstance(one, bytes)]
    assert {one["data"]["prompt_id"] for one in told if one["type"] != "status"} == {id}
    steps = [one["data"] for one in told if one["type"] == "progress"]
    assert [(step["node"], step["value"], step["max"]) for step in steps] == [("3", index, 4) for index in (1, 2, 3, 4)]
    order = [one["data"]["node"] for one in told if one["type"] == "executing"]
    assert order.index("3") < order.index("8") < order.index("9") and order[-1] is None
    (executed,) = (one["data"] for one in told if one["type"] == "executed")
    assert executed["node"] == "9" and executed["output"]["images"][0]["subfolder"] == "scripts"
    assert not [one for one in heard if isinstance(one, bytes)]
    entry = served.ask(f"/history/{id}").json()[id]
    assert entry["status"]["status_str"] == "success" and entry["outputs"]["9"] == executed["output"]
    assert [type for type, _ in entry["status"]["messages"]][0::2] == ["execution_start", "execution_success"]


def test_previews_and_images_over_the_socket_are_bytes(served: Served) -> None:
    """Previews only where they are asked for: clients take every image on the socket for a result."""
    _, heard = followed(served, text_to_image(seed=31), extra_data={"preview_method": "auto"})
    assert all(one[:8] == bytes([0, 0, 0, 1, 0, 0, 0, 2]) for one in heard if isinstance(one, bytes))
    assert [one for one in heard if isinstance(one, bytes)]
    prompt = plain()
    prompt["2"]["class_type"] = "SaveImageWebsocket"
    _, heard = followed(served, prompt)
    (image,) = (one for one in heard if isinstance(one, bytes))
    assert image[8:].startswith(b"\x89PNG") and len(list((served.folders.output / "temp").iterdir())) == 1


def test_an_uploaded_image_is_read(served: Served, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    given = served.client.upload_image(tmp_path / "red.png", "mine")
    assert given == {"name": "red.png", "subfolder": "mine", "type": "input"}
    assert served.client.upload_image(tmp_path / "red.png", "mine")["name"] == "red.png"
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "red.png")
    assert served.client.upload_image(tmp_path / "red.png", "mine")["name"] == "red (1).png"
    prompt = {
        "a": {"class_type": "LoadImage", "inputs": {"image": "mine/red.png"}},
        "b": {"class_type": "PreviewImage", "inputs": {"images": ["a", 0]}},
    }
    id, _ = followed(served, prompt)
    (shown,) = served.ask(f"/history/{id}").json()[id]["outputs"]["b"]["images"]
    assert shown["type"] == "temp"
    (tmp_path / "seen.png").write_bytes(served.client.get_image(shown["filename"], shown["subfolder"], shown["type"]))
    assert Image.open(tmp_path / "seen.png").convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def loading(name: Any) -> Prompt:
    """A prompt that reads an image."""
    return {
        "a": {"class_type": "LoadImage", "inputs": {"image": name}},
        "b": {"class_type": "SaveImage", "inputs": {"images": ["a", 0], "filename_prefix": "x"}},
    }


@pytest.mark.parametrize("name", ["nowhere.png", "x", 5, 2**70, ".", "a" * 300, "nowhere/x.png"])
def test_an_image_that_is_not_there_is_refused_before_it_is_queued(served: Served, name: Any) -> None:
    answer = served.post("/prompt", {"prompt": loading(name)})
    assert answer.status_code == 400 and "a" in answer.json()["node_errors"]


def test_a_failing_node_is_told_as_comfyui_tells_it(served: Served) -> None:
    whole = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(whole, "PNG")
    served.folders.input.mkdir(exist_ok=True)
    (served.folders.input / "cut.png").write_bytes(whole.getvalue()[:50])
    id, heard = followed(served, loading("cut.png"))
    (error,) = (one["data"] for one in heard if one["type"] == "execution_error")
    assert error["node_id"] == "a" and error["node_type"] == "LoadImage"
    assert "cut.png" in error["exception_message"]
    assert served.ask(f"/history/{id}").json()[id]["status"]["status_str"] == "error"


@pytest.mark.parametrize(
    ("change", "node", "type", "words"),
    [
        ({"4": {"ckpt_name": "absent.safetensors"}}, "4", "value_not_in_list", "no model 'absent.safetensors'"),
        ({"3": {"steps": 0}}, "3", "not_translated", "from 1 to"),
        ({"4": {"ckpt_name": "/etc/passwd"}}, "4", "value_not_valid", "out of the folders"),
        ({"4": {"ckpt_name": "../../secret"}}, "4", "value_not_valid", "out of the folders"),
        ({"9": {"images": ["77", 0]}}, "9", "not_translated", "nothing is wired to its image"),
    ],
)
def test_what_cannot_run_is_refused_before_it_is_queued(
    served: Served, change: dict[str, Any], node: str, type: str, words: str
) -> None:
    prompt = text_to_image()
    for id, inputs in change.items():
        prompt[id]["inputs"].update(inputs)
    answer = served.post("/prompt", {"prompt": prompt})
    assert answer.status_code == 400
    errors = answer.json()["node_errors"][node]["errors"]
    assert any(error["type"] == type and words in error["message"] for error in errors), errors
    assert served.client.get_queue()["queue_pending"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        *(("{", "not what is expected"), ({"prompt": {}}, "no node"), ({"prompt": {"1": 5}}, "no object")),
        *(([], "expected"), (b'{"prompt": {"\xff": 1}}', "expected"), ("{}".encode("utf-16"), "expected")),
        *(("[" * 100_000, "expected"), ('{"prompt": {"1": NaN}}', "expected"), (b"\0", "expected")),
    ],
)
def test_what_is_no_prompt_is_a_sentence(served: Served, body: Any, words: str) -> None:
    answer = served.ask("/prompt", method="POST", data=body if isinstance(body, (str, bytes)) else json.dumps(body))
    assert answer.status_code == 400 and words in answer.json()["error"]["message"]


def test_an_unknown_class_is_named(served: Served) -> None:
    answer = served.post("/prompt", {"prompt": {**plain(), "3": {"class_type": "Nobodys", "inputs": {}}}})
    assert answer.status_code == 400
    assert answer.json()["node_errors"]["3"]["errors"][0]["type"] == "not_translated"


def test_only_who_knows_the_token_is_answered(served: Served) -> None:
    assert requests.get(served.address + "/queue", timeout=60).status_code == 401
    assert served.ask("/queue", token="another").status_code == 401
    assert served.ask("/queue", token="caf\xe9").status_code == 401
    assert served.ask("/queue").status_code == 200
    assert served.ask("/api/queue").status_code == 200
    port = served.service.port
    for headers in ({"Host": f"evil.example:{port}"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        assert served.ask("/queue", headers=headers).status_code == 403, headers
    assert served.ask("/queue", headers={"Origin": f"http://localhost:{port}"}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "filename=../data/x&type=output",
        "filename=x.png&subfolder=../data&type=output",
        "filename=x.png&subfolder=/etc&type=input",
        "filename=passwd&subfolder=..%5C..%5Cetc&type=input",
        "filename=x.png&type=models",
        "filename=.hidden&type=output",
    ],
)
def test_nothing_outside_the_folders_is_shown(served: Served, query: str) -> None:
    answer = served.ask(f"/view?{query}")
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "outside"


def test_a_link_does_not_lead_outside(served: Served, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (served.folders.output / "link.png").symlink_to(tmp_path / "secret.png")
    assert served.ask("/view?filename=link.png").status_code == 400


def test_what_is_no_image_is_not_taken(served: Served, tmp_path: Path) -> None:
    for name, subfolder in (("x.png", ""), ("x.png", "../out")):
        answer = served.ask(
            "/upload/image", method="POST", files={"image": (name, b"no image")}, data={"subfolder": subfolder}
        )
        assert answer.status_code == 400
    assert not (served.folders.input.parent / "out").exists()


def form(head: bytes, body: bytes = b"x", end: bytes = b"--abc--\r\n") -> bytes:
    return b"--abc\r\n" + head + b"\r\n\r\n" + body + b"\r\n" + end


NAMED = b'Content-Disposition: form-data; name="image"; filename="a.png"'


@pytest.mark.parametrize(
    ("about", "body"),
    [
        ("; boundary=abc", form(NAMED.replace(b"a.png", b"a\0.png"))),
        ("; boundary=abc", form(b"X: " + b"a" * 100_000)),
        ("; boundary=abc", form(NAMED, end=b"")[:-2]),
        ("; boundary=abc", form(NAMED + b"\r\nContent-Encoding: gzip")),
        ("; boundary=abc", form(NAMED + b"\r\nContent-Transfer-Encoding: rot13")),
        ("; boundary=abc", b"x"),
        ("", b"x"),
        ("; boundary=abc", form(NAMED.replace(b"a.png", b"a" * 300 + b".png"), b"\x89PNG\r\n\x1a\n" + bytes(8))),
    ],
)
def test_a_broken_form_is_a_sentence(served: Served, about: str, body: bytes) -> None:
    headers = {"Content-Type": f"multipart/form-data{about}"}
    answer = served.ask("/upload/image", method="POST", data=body, headers=headers)
    assert answer.status_code == 400 and answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("status", "path", "about"),
    [
        (400, "/prompt", {"method": "POST", "data": b"xxxx", "headers": {"Content-Encoding": "gzip"}}),
        (403, "/queue", {"headers": {"Origin": "http://[::1"}}),
        (400, "/view?filename=" + "a" * 5_000, {}),
        (400, "/view?filename=x&subfolder=" + "a" * 5_000, {}),
    ],
)
def test_an_odd_request_is_told_what_is_wrong(served: Served, status: int, path: str, about: dict[str, Any]) -> None:
    answer = served.ask(path, **about)
    assert answer.status_code == status and answer.json()["error"]["message"]


def test_prompts_wait_are_taken_out_and_stopped(served: Served) -> None:
    """A long prompt runs; one behind it is deleted, the running one interrupted."""
    with connect(f"ws{served.address[4:]}/ws?clientId=long&token={TOKEN}") as socket:
        long = served.post("/prompt", {"prompt": text_to_image(seed=99, steps=10_000), "client_id": "long"}).json()
        while json.loads(socket.recv())["type"] != "progress":
            pass
        behind = served.post("/prompt", {"prompt": text_to_image(seed=98)}).json()
        queue = served.client.get_queue()
        assert [one[1] for one in queue["queue_running"]] == [long["prompt_id"]]
        assert [one[1] for one in queue["queue_pending"]] == [behind["prompt_id"]]
        assert served.ask("/prompt").json() == {"exec_info": {"queue_remaining": 2}}
        served.post("/queue", {"delete": [behind["prompt_id"]]})
        served.client.interrupt()
        while json.loads(socket.recv())["type"] != "execution_interrupted":
            pass
    history = served.ask("/history").json()
    assert history[long["prompt_id"]]["status"]["messages"][-1][0] == "execution_interrupted"
    assert behind["prompt_id"] not in history
    served.post("/history", {"delete": [long["prompt_id"]]})
    assert long["prompt_id"] not in served.ask("/history").json()


def test_classes_say_what_they_take(served: Served) -> None:
    info = served.client.get_object_info()
    assert "small.safetensors" in info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0]
    sampler = info["KSampler"]["input"]["required"]
    assert "dpmpp_2m" in sampler["sampler_name"][0] and "karras" in sampler["scheduler"][0]
    assert sampler["model"] == ["MODEL"] and sampler["cfg"][0] == "FLOAT"
    assert list(served.client.get_object_info("SaveImage")) == ["SaveImage"]


def test_a_port_that_is_taken_is_a_sentence(served: Served) -> None:
    with pytest.raises(CannotServeError, match=r"port \d+ cannot be used .*; choose another one"):
        ScriptService(served.engine, served.folders, decode(b"{}"), TOKEN, served.service.port)
