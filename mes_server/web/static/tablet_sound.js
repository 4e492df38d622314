// Three outcomes that can be told apart with closed eyes: short and high, two low, a warble.

const SOUNDS = {
  accepted: [[1320, 0, 0.1]],
  refused: [[220, 0, 0.16], [180, 0.22, 0.2]],
  attention: [[660, 0, 0.07], [880, 0.08, 0.07], [660, 0.16, 0.07], [880, 0.24, 0.07]],
};
const SHAKES = { accepted: [40], refused: [120, 60, 120], attention: [60, 40, 60] };
const LOUD = 0.4;
let audio = null;

// A browser is silent until it is touched once.
function unlock() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
}

addEventListener("pointerdown", unlock);
addEventListener("keydown", unlock);

export function sound(name) {
  document.documentElement.dataset.sound = name;
  navigator.vibrate?.(SHAKES[name]);
  if (!audio) return;
  for (const [hertz, after, length] of SOUNDS[name]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const begin = audio.currentTime + after;
    tone.type = "square";
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(LOUD, begin);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + length);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + length);
  }
}

export function testSounds() {
  Object.keys(SOUNDS).forEach((name, at) => setTimeout(() => sound(name), at * 700));
}
