"""What a training run did, epoch by epoch, as JSON and as a picture for the dashboard."""
import json
from html import escape

WIDTH, HEIGHT, LEFT, TOP, PLOT_W, PLOT_H = 860, 300, 52, 40, 330, 200
LINES = {"severity": "#c2410c", "category": "#0369a1", "both": "#4d7c0f", "valid": "#71717a"}


def history_of(name, log):
    """From the trainer's log: the loss as it fell, and an entry for each epoch (the last one may be cut short)."""
    loss = [{"step": row["step"], "epoch": round(row["epoch"], 3), "loss": row["loss"]} for row in log if "loss" in row]
    ends = [row for row in log if "eval_loss" in row]
    steps = max(row["step"] for row in log)
    if not ends or ends[-1]["step"] < steps:
        ends.append({"epoch": max(row["epoch"] for row in log), "step": steps, "eval_loss": None})
    epochs, before = [], 0
    for end in ends:
        of_epoch = [row["loss"] for row in loss if before < row["step"] <= end["step"]]
        epochs.append({"epoch": round(end["epoch"], 3), "step": end["step"], "eval_loss": end["eval_loss"], "metric": None,
                       "train_loss": round(sum(of_epoch) / len(of_epoch), 4) if of_epoch else None})
        before = end["step"]
    return {"name": name, "steps": steps, "loss": loss, "epochs": epochs}


def write_history(history, folder):
    (folder / "history.json").write_text(json.dumps(history, indent=1) + "\n")
    (folder / "history.svg").write_text(picture(history))


def polyline(points, colour, x_max, y_max, left):
    """A line of (x, y) in a plot whose axes go from 0; a dot for each point, so that one alone is seen too."""
    places = [(left + PLOT_W * x / x_max, TOP + PLOT_H * (1 - y / y_max)) for x, y in points]
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>{dots}'


def plot(title, lines, x_max, y_max, left, x_name):
    """One set of axes with its lines: name -> (colour, points)."""
    out = [f'<text x="{left}" y="18" font-weight="bold">{escape(title)}</text>',
           f'<path d="M{left} {TOP}V{TOP + PLOT_H}H{left + PLOT_W}" fill="none" stroke="#888"/>']
    for part in (0, 0.5, 1):
        y = TOP + PLOT_H * (1 - part)
        out.append(f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{y_max * part:.2g}</text>')
        out.append(f'<text x="{left + PLOT_W * part:.0f}" y="{TOP + PLOT_H + 16}" text-anchor="middle">{x_max * part:.3g}</text>')
    out.append(f'<text x="{left + PLOT_W / 2:.0f}" y="{TOP + PLOT_H + 32}" text-anchor="middle">{x_name}</text>')
    for number, (name, (colour, points)) in enumerate(lines.items()):
        out.append(polyline(points, colour, x_max, y_max, left))
        out.append(f'<text x="{left + 8 + 84 * number}" y="34" fill="{colour}">{escape(name)}</text>')
    return "".join(out)


def picture(history):
    epochs = history["epochs"]
    losses = {"training": ("#7c3aed", [(row["step"], row["loss"]) for row in history["loss"]]),
              "evaluation": ("#dc2626", [(e["step"], e["eval_loss"]) for e in epochs if e["eval_loss"] is not None])}
    highest = max([y for _, points in losses.values() for _, y in points] or [1])
    judged = [e for e in epochs if e["metric"]]
    shares = {name: (colour, [(e["epoch"], e["metric"][name]["value"]) for e in judged]) for name, colour in LINES.items()}
    rows = f", {judged[-1]['metric']['n']} rows" if judged else ": not evaluated"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
            + plot(f"{history['name']}: loss", losses, history["steps"], highest, LEFT, "step")
            + plot(f"right answers by epoch{rows}", shares, max(epochs[-1]["epoch"], 1e-9), 1, LEFT + 430, "epoch") + "</svg>\n")
