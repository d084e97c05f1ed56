package draw

// The width of text is not known: whoever shows an SVG takes a font that is there.
// So these are the advances of DejaVu Sans, regular and bold, which is wider than
// Helvetica, Arial and what else stands in for them, of the characters from space
// to tilde, in thousandths of the font's size.
var regular = [...]int{
	318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337,
	637, 637, 637, 637, 637, 637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531,
	1016, 685, 687, 699, 771, 667, 611, 778, 752, 295, 500, 667, 558, 863, 749, 788,
	667, 788, 722, 667, 611, 732, 685, 989, 686, 667, 686, 391, 337, 391, 838, 557,
	500, 613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580, 278, 975, 634, 612,
	635, 635, 412, 521, 393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
}

var bold = [...]int{
	349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366,
	696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 611,
	1000, 774, 763, 734, 831, 684, 684, 821, 837, 373, 556, 775, 638, 996, 837, 851,
	733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458, 366, 458, 838, 556,
	500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688,
	716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712, 366, 712, 838,
}

// widest is what any other character takes at most: ideographs one, some Cyrillic
// capitals in bold more.
const widest = 1250

// width is how wide a text is at most, in a font of this size.
func width(text string, size float64, advances *[95]int) int {
	sum := 0
	for _, r := range text {
		switch {
		case r >= ' ' && r <= '~':
			sum += advances[r-' ']
		case r == '·':
			sum += 380
		case r == '…':
			sum += 1000
		default:
			sum += widest
		}
	}
	return int(float64(sum)*size/1000) + 1
}

// fit shortens a text that is wider than most.
func fit(text string, size float64, advances *[95]int, most int) string {
	if width(text, size, advances) <= most {
		return text
	}
	r := []rune(text)
	for len(r) > 0 && width(string(r)+"…", size, advances) > most {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}
