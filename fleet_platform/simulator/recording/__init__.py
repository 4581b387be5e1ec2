"""Recording what devices said to a platform, without saying whose they are, and playing it again."""

from fleet_platform.simulator.recording.file import RecordingFile
from fleet_platform.simulator.recording.masking import Mask
from fleet_platform.simulator.recording.names import some_of
from fleet_platform.simulator.recording.recorder import EVENTS, Recorder
from fleet_platform.simulator.recording.recording import BadRecording, Recording, open_recording
from fleet_platform.simulator.recording.replay import Replay

__all__ = [
    "EVENTS",
    "BadRecording",
    "Mask",
    "Recorder",
    "Recording",
    "RecordingFile",
    "Replay",
    "open_recording",
    "some_of",
]
